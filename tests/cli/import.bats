#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact import: what becomes of rows, and what is said of those that nothing becomes of.

load store

setup() {
    root=$(realpath "$BATS_TEST_DIRNAME/../..")
    store_setup
    cat >all.yaml <<'YAML'
identities:
  crm:    {unique: true}
  email:  {unique: true, normalize: lowercase}
attributes:
  name:     {type: string}
  recency:  {type: int, min: 0}
  history:  {type: double}
  newbie:   {type: bool}
  since:    {type: timestamp}
  patience: {type: duration}
  tags:     {type: list(string)}
  sizes:    {type: list(int)}
  scores:   {type: list(double)}
  tier:     {type: string, sources: [crm, web], values: [gold, silver]}
events:
  purchase: {properties: {amount: double, category: string}}
aggregates:
  purchases: {count: purchase}
YAML
}

# imports ARGUMENT...: into db, by the identity crm in the column id unless --id says otherwise.
imports() {
    local id=(--id crm=id)
    [[ " $*" == *" --id"* ]] && id=()
    t import "$@" --db db --schema all.yaml "${id[@]}"
}

# counted CODE READ APPLIED REFUSED: how the last import ended, and its sums.
counted() {
    [ "$status" -eq "$1" ] && says "read      $2 rows" && says $'\n'"applied   $3"$'\n' && says $'\n'"refused   $4" || told
    says 'All that counts as applied is on disk'
}

# has PERSON ATTRIBUTE VALUE: as `tact person` prints it; no VALUE: unset.
has() {
    local line
    line=$("$tact" person "$1" --db db | grep -E "^  $2 ") || line=
    if [ $# -eq 2 ]; then [ -z "$line" ]; else [[ $line =~ ^\ \ $2\ +"$3"(\ |$) ]]; fi ||
        { echo "$1 has $line" && return 1; }
}

persons() { "$tact" fsck --db db | sed -n 's/^persons  *//p'; }

# file NAME LINE...
file() { printf '%s\n' "${@:2}" >"$1"; }

# ---- Rows ------------------------------------------------------------------------------------------------------------

@test "help" {
    helps import
    says 'Ends with 0 if all rows were applied'
}

@test "hillstrom's 32,000 customers, none refused" {
    data=$root/../shared/data/hillstrom.csv
    [ -f "$data" ] || skip "hillstrom.csv is not there"
    does import "$data" --db db --schema "$root/rules/hillstrom/schema.yaml" --id crm=@row --rejects rejects.csv
    counted 0 32,000 32,000 0
    says 'persons   32,000, 32,000 of them new'
    [ -z "$stderr" ] && [ ! -e rejects.csv ] || told
    has crm:1 history_segment '"3) $200 - $350"'
    has crm:1 history 290.33
    has crm:1 mens true
    has crm:1 womens false
    has crm:1 segment '"No E-Mail"'
    has crm:32000 recency "$(sed -n '32001s/,.*//p' "$data")"
    [ "$(persons)" = 32,000 ]
}

@test "every type, from CSV as spreadsheets write it" {
    printf '\xef\xbb\xbfid,name,recency,history,newbie,since,patience,tags,sizes,scores,tier\r\n' >a.csv
    printf '1,"Lee, ""Ann""\r\nZoë",3,12.5,yes,2026-12-01T10:00:00+01:00,90d,a; b,"[1,2]",1;2.5,gold\r\n' >>a.csv
    printf '2,Bob,3.0,1e3,FALSE,2026-12-01,1h30m,"[""x;y""]",7,,silver' >>a.csv
    imports a.csv
    counted 0 2 2 0
    [ -z "$stderr" ] || told
    has crm:1 name '"Lee, \"Ann\"\r\nZoë"'
    has crm:1 recency 3
    has crm:1 history 12.5
    has crm:1 newbie true
    has crm:1 since 'timestamp("2026-12-01T09:00:00Z")'
    has crm:1 patience 'duration("7776000s")'
    has crm:1 tags '["a", "b"]'
    has crm:1 sizes '[1, 2]'
    has crm:1 scores '[1.0, 2.5]'
    has crm:1 tier '"gold"'
    has crm:2 recency 3
    has crm:2 history 1000.0
    has crm:2 newbie false
    has crm:2 since 'timestamp("2026-12-01T00:00:00Z")'
    has crm:2 tags '["x;y"]'
    has crm:2 sizes '[7]'
    has crm:2 scores
}

@test "every type, from JSON" {
    file a.ndjson '{"id": 1, "name": "Ann", "recency": 3, "history": 12, "newbie": true, "tags": ["a", "b"]}' '' \
        '{"since": "2026-12-01", "patience": "90d", "scores": [1, 2.5], "tier": "gold", "id": "1"}'
    imports a.ndjson
    counted 0 2 2 0
    has crm:1 name '"Ann"'
    has crm:1 history 12.0
    has crm:1 newbie true
    has crm:1 tags '["a", "b"]'
    has crm:1 since 'timestamp("2026-12-01T00:00:00Z")'
    has crm:1 patience 'duration("7776000s")'
    has crm:1 scores '[1.0, 2.5]'
    has crm:1 tier '"gold"'
}

@test "several identities are linked to the first; each finds the person" {
    file a.csv id,mail,name 1,Ann@X.Y,Ann 2,,Bob ,c@x.y,Kim 3,d@x.y,
    imports a.csv --id crm=id --id email=mail
    counted 0 4 4 0
    has email:ann@x.y name '"Ann"'
    has crm:1 name '"Ann"'
    has crm:2 name '"Bob"'
    has email:c@x.y name '"Kim"'
    [ "$(persons)" = 4 ]
    [ "$("$tact" person crm:3 --db db | grep -c d@x.y)" -eq 1 ] # a row may say nothing but who is one
}

@test "what is empty stays as it is; --null names more of it; --clear takes it away" {
    file a.csv id,name,recency 1,Ann,3
    file b.csv id,name,recency 1,,NA
    imports a.csv
    imports b.csv
    [ "$status" -eq 1 ] && [[ $stderr == *'`recency`: `NA` is not a whole number'* ]] || told
    imports b.csv --null NA
    [ "$status" -eq 1 ] && [[ $stderr == *'it sets nothing: all its attributes are empty'* ]] || told
    has crm:1 recency 3
    imports b.csv --null NA --clear
    counted 0 1 1 0
    has crm:1 recency
    has crm:1 name
}

@test "columns go by their names, or by --map; those without use are named once" {
    file a.csv id,Name,recency,x,'a b',x 1,Ann,3,1,1,1 2,Bob,4,1,1,1
    imports a.csv --map name=Name
    counted 0 2 2 0
    [ "$stderr" = 'tact: a.csv: without use, as no attribute has the name: `x`, `a b`' ] || told
    has crm:1 name '"Ann"'
    has crm:2 recency 4
    file a.ndjson '{"id": 3, "name": "Kim", "y": 1}' '{"id": 4, "name": "Lee", "y": 1, "z": 2}'
    imports a.ndjson
    counted 0 2 2 0
    [ "$stderr" = 'tact: a.ndjson: without use, as no attribute has the name: `y`, `z`' ] || told
}

@test "--strict-columns refuses columns without use" {
    file a.csv id,nmae,recency 1,Ann,3
    imports a.csv --strict-columns
    [ "$status" -eq 2 ] && [[ $stderr == *'`nmae`'*'`--strict-columns` refuses columns without use' ]] || told
    file a.ndjson '{"id": 3, "nmae": "Kim"}' '{"id": 4, "name": "Lee"}'
    imports a.ndjson --strict-columns
    counted 1 2 1 1
    [[ $stderr == 'tact: a.ndjson:1: `nmae` has no use' ]] || told
    [ "$(persons)" = 1 ]
}

@test "other separators" {
    file a.csv 'id;name;recency' '1;"Lee; Ann";3'
    imports a.csv
    [ "$status" -eq 2 ] && [[ $stderr == "tact: a.csv: it has one column; \`--separator ';'\` may be meant"* ]] || told
    imports a.csv --separator ';'
    counted 0 1 1 0
    has crm:1 name '"Lee; Ann"'
    printf 'id\tname\n2\tBob\n' >a.tsv
    imports a.tsv
    counted 0 1 1 0
    has crm:2 name '"Bob"'
    imports - --format csv --separator tab <a.tsv
    counted 0 1 1 0
}

@test "a file again is the same persons; by --time, what is older changes nothing" {
    file a.csv id,name,when 1,Ann,2026-01-02T00:00:00Z 2,Bob,2026-01-02T00:00:00Z 1,Anna,2026-01-02T00:00:00Z
    file b.csv id,name,when 1,Old,2026-01-01T00:00:00Z
    imports a.csv --time when
    imports b.csv --time when
    imports a.csv --time when
    counted 0 3 3 0
    says 'persons   2, 0 of them new'
    has crm:1 name '"Anna"' # of equal times the later row
    file c.csv id,name 1,Now
    imports c.csv
    has crm:1 name '"Now"'
}

@test "--source: the schema's, or a new one that it does not rank" {
    file a.csv id,tier 1,silver
    file b.csv id,tier 1,gold
    imports a.csv --source crm
    [ -z "$stderr" ] || told
    imports b.csv --source shop
    [ "$stderr" = 'tact: source `shop` is new; it comes behind those that the schema ranks' ] || told
    has crm:1 tier '"silver"'
    t export crm:1 --db db
    says '"source":"shop"'
    imports b.csv --source shop # which is there now, whatever the schema file says
    [ -z "$stderr" ] || told
    imports b.csv --source crm
    has crm:1 tier '"gold"'
}

@test "events, each once by --key" {
    file a.csv order,who,amount,when o-1,1,12.5,2026-11-01T00:00:00Z o-2,1,,2026-11-02T00:00:00Z
    imports a.csv --event purchase --id crm=who --time when --key order
    counted 0 2 2 0
    says $'\nrepeated  0, applied before\n'
    imports a.csv --event purchase --id crm=who --time when --key order
    counted 0 2 0 0
    says $'\nrepeated  2, applied before\n'
    has crm:1 purchases 2
    imports a.csv --event purchase --id crm=who --time when
    has crm:1 purchases 4
}

@test "a key is of a type of event; with another content it is refused, and not dropped" {
    sed -i 's/^  purchase: .*/&\n  return: {properties: {amount: double}}/' all.yaml
    file a.csv order,who,amount o-1,1,12.5 o-2,2,30
    file b.csv order,who,amount o-1,1,12.5
    file c.csv who,order,amount 1,o-1,12.5 1,o-2,30 2,o-2,31
    imports a.csv --event purchase --id crm=who --key order
    counted 0 2 2 0
    imports b.csv --event return --id crm=who --key order
    counted 0 1 1 0
    imports c.csv --event purchase --id crm=who --key order
    counted 1 3 0 2
    says $'\nrepeated  1, applied before\n'
    [[ $stderr == *'tact: c.csv:3: id `o-2`: another event `purchase` that was applied before has it, of somebody else'* ]] || told
    has crm:1 purchases 1
    has crm:2 purchases 1
}

@test "a whole number is the same identity and key however JSON writes it" {
    file a.ndjson '{"id": 3, "name": "Ann", "k": 1}' '{"id": 3.0, "name": "Ann", "k": 1e0}' '{"id": 3.5, "name": "Bob", "k": 2}'
    imports a.ndjson --key k
    counted 1 3 1 1
    says $'\nrepeated  1, applied before\n'
    [[ $stderr == 'tact: a.ndjson:3: `id`: `3.5` is not a text or a whole number' ]] || told
    has crm:3 name '"Ann"'
    [ "$(persons)" = 1 ]
}

@test "standard input" {
    imports - --format csv < <(printf 'id,name\n1,Ann\n')
    counted 0 1 1 0
    imports - --format ndjson --rejects r.ndjson < <(printf '{"id": 2, "name": "Bob"}\n{}\n')
    counted 1 2 1 1
    [[ $stderr == 'tact: <stdin>:2: it names nobody: its identities are empty' ]] || told
    imports - --format csv < <(printf 'id,name\n,Ann\n')
    says 'refused   1, see import.rejects.csv'
}

@test "thousands of rows, through several batches, in their order" {
    awk 'BEGIN { print "id,recency,name"; for (i = 1; i <= 7003; i++) print i % 2500 "," (i % 1000 ? i : "x") ",n" i }' >a.csv
    imports a.csv --quiet
    counted 1 7,003 6,996 7
    says 'persons   2,500, 2,500 of them new'
    has crm:1 name '"n5001"'
    has crm:2499 recency 4999
    [ "$(cut -d, -f1,2 a.rejects.csv | tr '\n' ' ')" = '@row,@line 1000,1001 2000,2001 3000,3001 4000,4001 5000,5001 6000,6001 7000,7001 ' ]
    [ "$(wc -l <<<"$stderr")" -eq 6 ] && [[ $stderr == *'further rows that are refused stand in a.rejects.csv' ]] || told
    has crm:1000 recency 3500 # rows 1,000 and 6,000 were refused
}

# ---- Rejects ---------------------------------------------------------------------------------------------------------

@test "what is refused stands in the file of rejects, and does no harm to the rest" {
    printf '%s\n' id,name,recency 1,Ann,3 2,Bob,x 3,Kim '4,"Lee,4' 5,Mia,5 $'6,\xff,6' 7,'N"n',7 ,Oto,8 9,,-1 '10,Pia,10' >a.csv
    imports a.csv
    counted 1 10 3 7
    says 'refused   7, see a.rejects.csv'
    [ "$(persons)" = 3 ]
    has crm:5 name '"Mia"'
    diff a.rejects.csv - <<<'@row,@line,@reason,id,name,recency
2,3,"`recency`: `x` is not a whole number of 64 bits",2,Bob,x
3,4,"2 fields where 3 are expected",3,Kim
4,5,"field 2: a quote is opened and not closed",4,"Lee,4
6,7,"it is not UTF-8",6,'$'\xff'',6
7,8,"a quote within a field that is not quoted; quote the field, and write the quote twice",7,N"n,7
8,9,"it names nobody: its identities are empty",,Oto,8
9,10,"attribute `recency`: less than its min",9,,-1'
    [[ $stderr == 'tact: a.csv:3: `recency`: `x` is not a whole number of 64 bits'* ]] || told
}

@test "rejects that were mended are imported by the same command; others are refused again" {
    file a.csv name,recency Ann,3 Bob,x Kim,y
    imports a.csv --id crm=@row
    counted 1 3 1 2
    sed -i 's/Bob,x/Bob,4/' a.rejects.csv
    imports a.rejects.csv --id crm=@row
    counted 1 2 1 1
    has crm:2 name '"Bob"' # not the first of its file, but the second of its first
    diff a.rejects.rejects.csv - <<<'@row,@line,@reason,name,recency
3,3,"`recency`: `y` is not a whole number of 64 bits",Kim,y'
    sed -i 's/Kim,y/Kim,5/' a.rejects.rejects.csv
    imports a.rejects.rejects.csv --id crm=@row
    counted 0 1 1 0
    has crm:3 recency 5
    [ ! -e a.rejects.rejects.rejects.csv ] && [ "$(persons)" = 3 ]
}

@test "rejects that were spoilt, and not mended, keep what is left of them" {
    printf '@row,@line,@reason,name,recency\n7,8,"why",Ann,3\n8,9,"why"\n9,"10\n11,12,why,"Bob"x,3\n' >r.csv
    imports r.csv --id crm=@row
    counted 1 4 1 3
    diff r.rejects.csv - <<<'@row,@line,@reason,name,recency
8,3,"3 fields where 5 are expected",
9,4,"field 2: a quote is opened and not closed","10
11,5,"field 4: text behind the quote that closes it","Bob"x,3'
}

@test "the same for JSON" {
    file a.ndjson '{"name": "Ann", "recency": 3}' '{"name": "Bob", "recency": "x"}' '{"name": "Kim", "recency": 5' '7' '{}'
    imports a.ndjson --id crm=@row
    counted 1 5 1 4
    diff a.rejects.ndjson - <<<'{"@row":2,"@line":2,"@reason":"`recency`: `x` is not a whole number of 64 bits","name": "Bob", "recency": "x"}
{"@row":3,"@line":3,"@reason":"not JSON, at character 28: '"'}' expected near end of file"'","name": "Kim", "recency": 5
{"@row":4,"@line":4,"@reason":"it is not an object of JSON"} 7
{"@row":5,"@line":5,"@reason":"it sets nothing: all its attributes are empty"}'
    sed -i -e 's/"x"/4/' -e 's/5$/5}/' a.rejects.ndjson
    imports a.rejects.ndjson --id crm=@row
    counted 1 4 2 2
    [ -z "${stderr##*without use*}" ] && told
    has crm:2 recency 4
    has crm:3 recency 5
    [ "$(cut -c1-16 a.rejects.rejects.ndjson | tr '\n' ' ')" = '{"@row":4,"@line {"@row":5,"@line ' ]
    [ "$(grep -o @reason a.rejects.rejects.ndjson | wc -l)" -eq 2 ]
}

@test "a row that the store refuses goes there, too" {
    file a.csv id,mail,name 1,a@x.y,Ann 2,A@X.Y,Bob 3,c@x.y,Kim
    imports a.csv --id crm=id --id email=mail
    counted 1 3 2 1
    grep -qxF '2,3,"a person has one crm, and these have 1 and 2",2,A@X.Y,Bob' a.rejects.csv
    has email:a@x.y name '"Ann"'
}

@test "an identity that is too long is named with its bound" {
    file a.csv id,name "$(printf '%0480d' 0),Ann" "$(printf '%0481d' 0),Bob"
    imports a.csv
    counted 1 2 1 1
    [ "$stderr" = 'tact: a.csv:3: `id`: an identity `crm` of 481 bytes; 480 fit' ] || told
}

@test "a row that is too long is named and not kept" {
    { printf 'id,name\n1,Ann\n2,' && head -c 1100000 /dev/zero | tr '\0' x && printf '\n3,Kim\n4,' &&
        head -c 3000 /dev/zero | tr '\0' x && printf '\n'; } >a.csv
    imports a.csv
    counted 1 4 2 2
    [ "$(cut -c1-60 a.rejects.csv)" = '@row,@line,@reason,id,name
2,3,"longer than 1048576 bytes",
4,5,"`name`: a text of 3000 bytes; 2048 fit",4,xxxxxxxxxxxxx' ]
    imports a.rejects.csv # nobody mended it
    counted 1 2 0 2
}

@test "more than a command holds" {
    { printf '{"id": 1, "name": "Ann", "tags": [' && for i in {1..60}; do
        printf '"%s",' "$(head -c 2000 /dev/zero | tr '\0' x)"; done && printf '"z"]}\n{"id": 2, "name": "Bob"}\n'; } >a.ndjson
    imports a.ndjson
    counted 1 2 1 1
    [[ $stderr == 'tact: a.ndjson:1: longer than 65536 bytes as a command' ]] || told
    has crm:2 name '"Bob"'
}

@test "--rejects names the file; one of an earlier run goes" {
    file a.csv id,recency 1,x
    imports a.csv --rejects why.csv
    [ -s why.csv ] && [ ! -e a.rejects.csv ] || told
    file a.csv id,recency 1,2
    imports a.csv --rejects why.csv
    counted 0 1 1 0
    [ ! -e why.csv ] || told
    fails 2 'tact: a.csv: it is the file that is imported; --rejects needs another' \
        import a.csv --db db --id crm=id --rejects a.csv
    [ -s a.csv ]
}

@test "--strict stops at the first row that is refused, by the file or by the store" {
    file a.csv id,mail,recency 1,a@x.y,3 2,b@x.y,x 3,c@x.y,5
    imports a.csv --strict
    counted 1 2 1 1
    [[ $stderr == *'tact: a.csv: ended behind line 3; importing the file once more does no harm' ]] || told
    [ "$(persons)" = 1 ] && [ "$(wc -l <a.rejects.csv)" -eq 2 ]
    rm -r db
    file a.csv id,mail,recency 1,a@x.y,3 2,a@x.y,4 3,c@x.y,5
    imports a.csv --strict --id crm=id --id email=mail
    counted 1 2 1 1
    [ "$(persons)" = 1 ]
    file a.csv id,mail,recency 1,a@x.y,3 3,c@x.y,5
    imports a.csv --strict --id crm=id --id email=mail
    counted 0 2 2 0
}

# ---- Mistakes --------------------------------------------------------------------------------------------------------

@test "a wrong command line" {
    file a.csv id,name,recency 1,Ann,3
    usage=$("$tact" import --help | sed -n '1s/^usage: //p')
    fails 2 "tact: a file is needed; usage: $usage" import --db db
    fails 2 "tact: \`--db DIR\` is needed; usage: $usage" import a.csv
    fails 2 "tact: \`--id NAMESPACE=COLUMN\` is needed, it says who a row is about; usage: $usage" import a.csv --db db
    fails 2 'tact: unknown option `--strct`; did you mean `--strict`?' import a.csv --strct
    for id in crm crm= =id ''; do
        fails 2 "tact: \`--id $id\`: it is written NAMESPACE=COLUMN" import a.csv --db db --id "$id"
    done
    fails 2 'tact: `--id x`: it is written NAMESPACE=COLUMN' import --source --id a.csv --db db --id=crm=id --id x
    fails 2 'tact: `--id crm=id` is given twice' import a.csv --db db --id crm=id --id email=mail --id crm=id
    fails 2 'tact: `--map name`: it is written ATTRIBUTE=COLUMN' import a.csv --db db --id crm=id --map name
    ids=()
    for i in {1..17}; do ids+=(--id "crm=c$i"); done
    fails 2 'tact: `--id` can be given 16 times at most' import a.csv --db db "${ids[@]}"
    fails 2 'tact: a.txt: its name does not tell whether it is CSV or NDJSON; `--format csv` or `--format ndjson` does' \
        import a.txt --db db --id crm=id
    fails 2 'tact: `--format xml`: it is csv or ndjson' import a.csv --db db --id crm=id --format xml
    [ ! -e db ]
    for c in '' '"' ab; do
        t import a.csv --db db --schema all.yaml --id crm=id --separator "$c"
        [ "$status" -eq 2 ] && [ "$stderr" = "tact: \`--separator $c\`: it is one character other than a quote, or \`tab\`" ] || told
    done
}

@test "a command line that does not fit the schema or the file" {
    file a.csv id,name,recency 1,Ann,3
    does import a.csv --db db --schema all.yaml --id crm=id
    wrong() { fails 2 "tact: $1" import a.csv --db db --id "${2-crm=id}" "${@:3}"; }
    wrong 'there is no identity `cmr`; did you mean `crm`?' cmr=id
    wrong 'a.csv: there is no column `custome`' crm=custome
    wrong 'there is no attribute `nam`; did you mean `name`?' crm=id --map nam=name
    wrong 'a.csv: there is no column `nam`; did you mean `name`?' crm=id --map tier=nam
    wrong 'there is no event `purchas`; did you mean `purchase`?' crm=id --event purchas
    wrong 'a.csv: there is no column `when`' crm=id --time when
    wrong 'a.csv: there is no column `order`' crm=id --key order
    t import a.csv --db db --id crm=id --source "$(printf '%070d' 0)"
    [ "$status" -eq 2 ] && [[ $stderr == 'tact: `--source 000'*' is longer than 64 bytes' ]] || told
    file a.csv id,x 1,2
    t import a.csv --db db --id crm=id
    [ "$status" -eq 2 ] && [[ $stderr == *'no column has the name of an attribute; --map says which is which' ]] || told
    file a.ndjson '{"id": 1, "recency": "x", "name": "Ann"}' '{"id": 2, "recency": "x"}'
    t import a.ndjson --db db --id crm=id --time nope --map tier=level --map name=name
    [ "$status" -eq 1 ] && [ "$(grep -c 'no row has' stderr)" -eq 2 ] || told
    [[ $stderr == *$'\ntact: a.ndjson: no row has `level`\ntact: a.ndjson: no row has `nope`' ]] || told
    file a.csv id,name,name 1,2,3
    fails 2 'tact: a.csv: there are two columns `name`' import a.csv --db db --id crm=id
}

@test "what cannot be opened or read" {
    file a.csv id,name 1,Ann
    fails 3 'tact: no.csv: No such file or directory' import no.csv --db db --schema all.yaml --id crm=id
    mkdir dir.csv
    fails 3 'tact: dir.csv: Is a directory' import dir.csv --db db --schema all.yaml --id crm=id
    fails 3 'tact: db: No such file or directory; with --schema it would be made' import a.csv --db db --id crm=id
    fails 2 'tact: no.yaml: No such file or directory' import a.csv --db db --schema no.yaml --id crm=id
    echo 'attributes: {a: {type: itn}}' >faulty.yaml
    t import a.csv --db db --schema faulty.yaml --id crm=id
    [ "$status" -eq 1 ] && [[ $stderr == 'faulty.yaml:1:24: error: '*'`itn`'* ]] || told
    [ ! -e db ]
    fails 3 'tact: /nowhere/r.csv: No such file or directory; --rejects names another file for rows that are refused' \
        import a.csv --db db --schema all.yaml --id crm=id --rejects /nowhere/r.csv
    : >empty.csv
    fails 3 'tact: empty.csv: it is empty; its first line must name the columns' import empty.csv --db db --id crm=id
    seq -s, 5000 >many.csv
    fails 3 'tact: many.csv:1: more than 4096 fields' import many.csv --db db --id crm=id
    { echo && head -c 1100000 /dev/zero | tr '\0' x; } >long.csv
    fails 3 'tact: long.csv:2: longer than 1048576 bytes' import long.csv --db db --id crm=id
    fails 3 'tact: a/b: No such file or directory; make it first, `a/b//c/` is made in it' \
        import a.csv --db a/b//c/ --schema all.yaml --id crm=id
    [ ! -e a ]
    printf '\xff\xfei\0d\0' >utf16.csv
    fails 3 'tact: utf16.csv: it is UTF-16; save it as UTF-8' import utf16.csv --db db --id crm=id
    flock db/writer.lock "$tact" import a.csv --db db --id crm=id 2>stderr && return 1 || status=$?
    [ "$status" -eq 3 ] && grep -q 'another process writes to it' stderr
}

@test "a folder that nobody may write beside the file matters once a row is refused" {
    mkdir data && file data/a.csv id,recency 1,2 && file data/b.csv id,recency 2,3 3,x 4,5
    does import data/a.csv --db db --schema all.yaml --id crm=id
    chmod 500 data
    humble "$tact" import data/a.csv --db db --id crm=id >stdout 2>stderr && [ ! -s stderr ]
    humble "$tact" import data/b.csv --db db --id crm=id >stdout 2>stderr && return 1 || status=$?
    chmod 700 data
    [ "$status" -eq 3 ] && grep -q '^tact: data/b.rejects.csv: Permission denied' stderr
    [ "$(grep -c 'b.rejects.csv' stderr)" -eq 1 ] && grep -qx 'refused   1' stdout
    grep -qx 'All that counts as applied is on disk; the rest of the file is not imported.' stdout
}

@test "a disk that is full: what counts as applied is there" {
    [ "${MODE:-release}" = release ] || skip "sanitizers need more than the bound"
    awk 'BEGIN { print "id,name"; for (i = 1; i <= 60000; i++) print i ",name of " i }' >a.csv
    does import a.csv --db db --schema all.yaml --id crm=id --rejects r.csv
    rm -r db
    (trap '' XFSZ && ulimit -f 8000 && exec "$tact" import a.csv --db db --schema all.yaml --id crm=id) >stdout 2>stderr && return 1 || status=$?
    [ "$status" -eq 3 ] && grep -q 'importing the file once more does no harm' stderr
    applied=$(sed -n 's/^applied  *//p' stdout)
    [ "$applied" != 60,000 ] && [ "$applied" = "$(persons)" ] # fsck finds no fault either
    does import a.csv --db db --id crm=id
    [ "$(persons)" = 60,000 ]
}

# ---- Signals, progress -----------------------------------------------------------------------------------------------

@test "an interrupt commits what was applied, and says how far it came" {
    mkfifo pipe
    "$tact" import - --format csv --db db --schema all.yaml --id crm=id <pipe >stdout 2>stderr 3>&- &
    pid=$!
    exec 9>pipe
    { echo id,name && seq -f '%g,a' 1 2500 && printf '2501,half of a ro'; } >&9
    # A pipe's contents come at once: when two batches are committed all was read, and it waits for more.
    until "$tact" person crm:2000 --db db >/dev/null 2>&1; do sleep 0.1; done
    kill -TERM "$pid"
    wait "$pid" && return 1 || status=$?
    exec 9>&-
    [ "$status" -eq 143 ] # as a script has to see it
    [ "$(cat stderr)" = 'tact: <stdin>: interrupted
tact: <stdin>: ended behind line 2501; importing the file once more does no harm' ]
    grep -qx 'applied   2,500' stdout
    grep -qx 'All that counts as applied is on disk; the rest of the file is not imported.' stdout
    [ "$(persons)" = 2,500 ]
}

@test "progress: a bar on a terminal, nothing of what is quick, nothing with --quiet" {
    command -v script >/dev/null || skip "there is no script(1), which makes a terminal"
    file a.csv id,name 1,Ann
    imports a.csv
    [ -z "$stderr" ] || told
    mkfifo pipe
    for quiet in '' --quiet; do
        for i in {1..15}; do seq -f "%g,n$i" 1000 && sleep 0.1; done | sed '1i id,name' >pipe &
        script -qec "$tact import - --format csv --db db --id crm=id $quiet <pipe" typescript >/dev/null </dev/null
        grep -qE '^applied   15,000' typescript
        bars=$(grep -cE '[0-9,]+ rows  [0-9,]+/s' typescript) || true
        if [ "$quiet" ]; then [ "$bars" -eq 0 ]; else [ "$bars" -ge 1 ]; fi
    done
}

# ---- The document ----------------------------------------------------------------------------------------------------

@test "docs/operating.md: every command prints what stands there" {
    mkdir bin && ln -s "$tact" bin/tact
    PATH=$PWD/bin:$PATH
    # A block of a file's text has the file's name behind its language; of console blocks, `$ ` begins a command.
    awk -v q="'" '
        /^```[a-z]+ [^ ]+$/ { name = $2; printf "cat >%s <<%sEND%s\n", name, q, q; next }
        /^```console$/ { console = 1; next }
        /^```$/ { if (name != "") print "END"; if (wanted) print "END"; name = ""; console = wanted = 0; next }
        name != "" { print; next }
        console && /^\$ / {
            if (wanted) print "END"
            printf "run %s <<%sEND%s\n", "\"$(cat <<" q "COMMAND" q "\n" substr($0, 3) "\nCOMMAND\n)\"", q, q
            wanted = 1; next
        }
        console { print }
    ' "$root/docs/operating.md" >script
    run() { # COMMAND, and what it prints as standard input
        count=$((count + 1))
        eval "$1" >got 2>&1 || true
        diff <(sed -E 's/^took .*/took/' got) <(sed -E 's/^took .*/took/') || { echo "$1" && return 1; }
    }
    count=0
    set -e
    . ./script
    [ "$count" -ge 7 ]
}
