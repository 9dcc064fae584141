# SPDX-License-Identifier: Apache-2.0
#
# What the tests of commands on a folder share: a small shop's schema, a store with two persons, and asserting what a
# command says on which stream.

store_setup() {
    tact=$(realpath "${TACT:-$BATS_TEST_DIRNAME/../../build/tact}")
    cd "$BATS_TEST_TMPDIR"
    unset TACT_TO TACT_TOKEN # whoever runs the tests may have a server
    cat >shop.yaml <<'YAML'
identities:
  crm:    {unique: true}
  email:  {unique: true, normalize: lowercase}
  cookie: {max: 20}
attributes:
  first_name: {type: string, purpose: personalization, personal: true}
  language:   {type: string, values: [de, en, fr], default: en}
  recency:    {type: int, min: 0}
  tier:       {type: string, sources: [crm, web], max_age: 90d}
  tags:       {type: list(string)}
purposes:
  personalization: {default: denied}
  marketing:       {default: denied}
events:
  page_view: {properties: {category: string}}
  purchase:  {properties: {amount: double, category: string}}
aggregates:
  purchases_90d: {count: purchase, window: 90d}
  last_seen:     {last: page_view.category}
YAML
}

# Person 1 is crm:4711 and email:ann@example.com, person 3 is cookie:7f3.
store_fill() {
    cat >fill.ndjson <<'JSON'
{"set": {"recency": 3, "tier": "gold", "first_name": "Ann"}, "person": {"crm": "4711", "email": "Ann@Example.com"}, "source": "crm", "time": "2026-01-01T00:00:00Z"}
{"event": "purchase", "properties": {"amount": 12.5}, "person": {"cookie": "7f3"}, "channel": "web", "time": "2026-02-01T10:00:00Z"}
{"consent": {"marketing": "granted"}, "expires": "2026-06-01T00:00:00Z", "person": {"crm": "4711"}, "time": "2026-01-02T00:00:00Z"}
JSON
    does record fill.ndjson --db db --schema shop.yaml
}

# t ARGUMENT...: sets status, stdout, stderr.
t() {
    stdout=$("$tact" "$@" 2>stderr) && status=0 || status=$?
    stderr=$(<stderr)
}

told() {
    printf 'exit %s\n-- stdout\n%s\n-- stderr\n%s\n' "$status" "$stdout" "$stderr"
    return 1
}

# does ARGUMENT...: ends with 0.
does() {
    t "$@"
    [ "$status" -eq 0 ] || told
}

# fails CODE TEXT ARGUMENT...: ends with this code, and says just this on standard error.
fails() {
    t "${@:3}"
    [ "$status" -eq "$1" ] && [ "$stderr" = "$2" ] && [ -z "$stdout" ] || told
}

# says TEXT: it is in what the last command printed.
says() {
    [[ $stdout == *"$1"* ]] || told
}

# As somebody who may not write what has no write permission; root would.
humble() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --bounding-set=-all --inh-caps=-all "$@"
    else
        "$@"
    fi
}

# The mistakes that all commands on an existing folder refuse alike: common_mistakes WRITES COMMAND [OPERAND]...
common_mistakes() {
    local writes=$1 usage
    shift
    usage=$("$tact" "$1" --help | sed -n '1s/^usage: //p')
    fails 2 "tact: \`--db DIR\` is needed; usage: $usage" "$@"
    fails 2 "tact: unknown option \`--hepl\`; did you mean \`--help\`?" "$@" --hepl
    t "$@" --db nowhere
    [ "$status" -eq 3 ] && [[ $stderr == 'tact: nowhere: No such file or directory'* && ! -e nowhere ]] || told
    mkdir other && echo text >other/data.mdb
    t "$@" --db other
    [ "$status" -eq 3 ] && [[ $stderr == "tact: other: "* ]] || told
    store_fill
    if [ "$writes" = yes ]; then
        flock db/writer.lock "$tact" "$@" --db db 2>stderr && return 1 || status=$?
        [ "$status" -eq 3 ] && grep -Eq 'another process (writes to it|has the store open for writing)' stderr || told
        chmod 500 db && chmod 400 db/*
        humble "$tact" "$@" --db db 2>stderr && return 1 || status=$?
        chmod 700 db && chmod 600 db/*
        [ "$status" -eq 3 ] && grep -q 'check its owner and its permissions' stderr || told
    fi
}

# One that takes a person: person_mistakes COMMAND [OPTION]...
person_mistakes() {
    local command=$1
    shift
    fails 2 "tact: unknown identity namespace \`emial\`; did you mean \`email\`?" "$command" emial:a@b.c --db db "$@"
    fails 2 "tact: \`email:\`: its value is empty" "$command" email: --db db "$@"
    fails 2 "tact: \`ann\` names nobody: a person is NAMESPACE:VALUE, or the number of one" "$command" ann --db db "$@"
    fails 1 "tact: crm:17: there is no such person" "$command" crm:17 --db db "$@"
    fails 1 "tact: 99: there is no such person" "$command" 99 --db db "$@"
}

helps() {
    does "$1" --help
    says "usage: tact $1 "
    says "  tact $1 " # an example
    [ -z "$stderr" ] || told
}
