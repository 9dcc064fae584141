#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact expr from outside: values, every option, exit codes, and what goes to which stream.

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    tact=${TACT:-build/tact}
    profile=rules/sample/profile.json
}

# expr ARGUMENT...: sets status, stdout, stderr.
expr() {
    stdout=$("$tact" expr "$@" 2>"$BATS_TEST_TMPDIR/stderr") && status=0 || status=$?
    stderr=$(<"$BATS_TEST_TMPDIR/stderr")
}

# prints EXPRESSION WANTED [OPTION]...
prints() {
    expr "$1" "${@:3}"
    if [ "$status" -ne 0 ] || [ "$stdout" != "$2" ] || [ -n "$stderr" ]; then
        printf '%s: exit %s\n%s\n%s\n' "$1" "$status" "$stdout" "$stderr"
        return 1
    fi
}

# refuses WANTED-IN-STDERR ARGUMENT...: a wrong command line.
refuses() {
    expr "${@:2}"
    if [ "$status" -ne 2 ] || [ -n "$stdout" ] || [[ $stderr != *"$1"* ]]; then
        printf 'exit %s\n%s\n%s\n' "$status" "$stdout" "$stderr"
        return 1
    fi
}

# ---- Values ----------------------------------------------------------------------------------------------------------

@test "values are printed as CEL literals" {
    prints '1 + 2 * 3' 7
    prints '1u' 1u
    prints '1.0' 1.0
    prints '"é\n" + "x"' '"é\nx"'
    prints 'b"a\xff"' 'b"a\xff"'
    prints '[1, 2u, true, null]' '[1, 2u, true, null]'
    prints '{"a": 1}' '{"a": 1}'
    prints 'duration("90m")' 'duration("5400s")'
    prints 'timestamp("2026-12-01T10:00:00Z")' 'timestamp("2026-12-01T10:00:00Z")'
    prints 'type(1)' int
    prints 'optional.none()' 'optional.none()'
    prints 'optional.of(1)' 'optional.of(1)'
}

@test "--json prints values as JSON" {
    prints '{"a": [1, 2u, 1.0, null, true], "b": b"abc"}' '{"a":[1,2,1.0,null,true],"b":"YWJj"}' --json
    prints 'duration("90m")' '"5400s"' --json
    prints 'optional.none()' null --json
    prints 'double("NaN")' '"NaN"' --json
}

@test "an expression from standard input and from a file" {
    [ "$(echo '1 +
2' | "$tact" expr -)" = 3 ]
    echo '[1, 2].size()' >"$BATS_TEST_TMPDIR/rule.cel"
    expr --file "$BATS_TEST_TMPDIR/rule.cel"
    [ "$status" -eq 0 ] && [ "$stdout" = 2 ]
    [ "$(echo '2' | "$tact" expr --file -)" = 2 ]
}

@test "what begins with - goes after --" {
    expr -- '-1 + 2'
    [ "$status" -eq 0 ] && [ "$stdout" = 1 ]
    refuses 'goes after --' '-1 + 2'
}

# ---- Variables -------------------------------------------------------------------------------------------------------

@test "--vars: members are variables" {
    prints 'profile.recency >= 9 && "vip" in profile.tags' true --vars $profile
    prints 'profile.orders[0].amount' 89.9 --vars=$profile
    prints 'has(profile.orders[2].returned)' true --vars $profile
    prints 'has(profile.orders[0].returned)' false --vars $profile
    prints 'profile.first_name.size()' 3 --vars $profile
}

@test "--vars: a record may be used whole" {
    prints 'context' '{"device": "mobile", "cart_value": 129.0}' --vars $profile
}

@test "--vars: a misspelled field is found, with the nearest name" {
    expr 'profile.recencey >= 9' --vars $profile
    [ "$status" -eq 1 ] && [ -z "$stdout" ]
    [[ $stderr == *'<expression>:1:'* ]]
    [[ $stderr == *'profile.recencey >= 9'* ]]
    [[ $stderr == *'^'* ]]
    [[ $stderr == *'recency`?'* ]]
    expr 'profile.orders.map(o, o.amout)' --vars $profile
    [ "$status" -eq 1 ]
    [[ $stderr == *'amount'* ]]
}

@test "--vars: a file that is not there, no JSON, or no object" {
    refuses 'No such file' 1 --vars /nonexistent.json
    echo '{"a": x}' >"$BATS_TEST_TMPDIR/bad.json"
    refuses "bad.json:1:7: invalid token near 'x'" 1 --vars "$BATS_TEST_TMPDIR/bad.json"
    echo '[1]' >"$BATS_TEST_TMPDIR/list.json"
    refuses 'expected an object' 1 --vars "$BATS_TEST_TMPDIR/list.json"
    echo '{"first-name": 1}' >"$BATS_TEST_TMPDIR/name.json"
    refuses 'first-name' 1 --vars "$BATS_TEST_TMPDIR/name.json"
}

# ---- Wrong expressions -----------------------------------------------------------------------------------------------

@test "a wrong expression: report on stderr, exit 1" {
    expr '1 +'
    [ "$status" -eq 1 ] && [ -z "$stdout" ]
    [[ $stderr == '<expression>:1:4: error: '* ]]
    expr '1 + "a"'
    [ "$status" -eq 1 ] && [ -z "$stdout" ]
    [[ $stderr == '<expression>:1:3: error: '* ]]
}

@test "all faults at once" {
    expr 'foo + bar'
    [ "$status" -eq 1 ]
    [ "$(grep -c ': error: ' <<<"$stderr")" -eq 2 ]
}

@test "the report names the file" {
    printf '1 +\n' >"$BATS_TEST_TMPDIR/rule.cel"
    expr --file "$BATS_TEST_TMPDIR/rule.cel"
    [ "$status" -eq 1 ]
    [[ $stderr == "$BATS_TEST_TMPDIR/rule.cel:"*': error: '* ]]
    run bash -c 'echo "1 +" | "$1" expr -' - "$tact"
    [ "$status" -eq 1 ]
    [[ $output == '<stdin>:'*': error: '* ]]
}

@test "an evaluation that ends in an error: report on stderr, exit 1" {
    expr '[1, 2][profile.recency]' --vars $profile
    [ "$status" -eq 1 ] && [ -z "$stdout" ]
    [[ $stderr == '<expression>:1:'*'error: '*'index out of bounds'* ]]
    [[ $stderr == *'^'* ]]
}

@test "text of a value within a report is one line that prints" {
    for text in 'a\nb' '\u001b[31mX' '1\u0000' '\u202e1'; do
        item="[\"$text\"][profile.recency - 10]" # no constant, which would be looked at before evaluation
        for call in "int($item)" "{\"a\": 1}[$item]" "(\"%\" + $item).format([1])" "timestamp(0).getHours($item)" \
            "\"a\".matches(\"(\" + $item)" "\"a\".matches(\"($text\")" "timestamp(\"$text\")"; do
            expr "$call" --vars $profile
            [ "$status" -eq 1 ] && [ -z "$stdout" ]
            [ "$(wc -l <<<"$stderr")" -eq 3 ]
            [[ $stderr != *$'\033'* && $stderr != *$'\u202e'* ]]
        done
    done
    expr 'int(["1\u0000"][profile.recency - 10])' --vars $profile
    [[ $stderr == *"'1�' is no int"* ]]
}

@test "text that is not UTF-8" {
    for phase in "" --tokens --ast --types --code; do
        expr $'"\xff"' $phase
        [ "$status" -eq 1 ] && [ -z "$stdout" ]
        [[ $stderr == *error* ]]
    done
}

@test "an expression that is too long" {
    head -c 70000 /dev/zero | tr '\0' ' ' >"$BATS_TEST_TMPDIR/long.cel"
    for phase in "" --tokens --ast --types --code; do
        expr --file "$BATS_TEST_TMPDIR/long.cel" $phase
        [ "$status" -eq 1 ] && [ -z "$stdout" ]
        [[ $stderr == *65536* ]]
    done
}

# ---- Phases ----------------------------------------------------------------------------------------------------------

@test "--tokens" {
    expr 'a >= 9' --tokens
    [ "$status" -eq 0 ]
    [ "$(awk '{ print $2 }' <<<"$stdout" | paste -sd' ')" = "IDENT GE INT END" ]
    [[ $stdout == '1:1 '* ]]
}

@test "--tokens needs no declarations and shows what it can of a wrong text" {
    expr 'a ~ b' --tokens
    [ "$status" -eq 1 ]
    [[ $stdout == *'IDENT     b'* ]]
    [[ $stderr == *': error: '* ]]
}

@test "--ast shows the tree with macros expanded, and needs no declarations" {
    expr 'a + 1' --ast
    [ "$status" -eq 0 ] && [[ $stdout == *'_+_('* ]]
    expr 'l.all(x, x > 1)' --ast
    [ "$status" -eq 0 ] && [[ $stdout == *'__comprehension__('* ]]
    expr 'a +' --ast
    [ "$status" -eq 1 ] && [ -z "$stdout" ]
}

@test "--types shows types and meanings" {
    expr 'profile.recency + 1' --types --vars $profile
    [ "$status" -eq 0 ]
    [[ $stdout == *'profile.recency~int^profile.recency'* ]]
    [[ $stdout == *'~int^add_int64'* ]]
    expr 'nobody' --types
    [ "$status" -eq 1 ] && [ -z "$stdout" ]
}

@test "--code shows the program" {
    expr 'profile.recency >= 9' --code --vars $profile
    [ "$status" -eq 0 ]
    [[ $stdout == *'profile.recency'* ]]
    expr '1 + nobody' --code
    [ "$status" -eq 1 ] && [ -z "$stdout" ]
}

@test "--cost shows the bound, and what evaluation took" {
    expr 'profile.recency >= 9' --cost --vars $profile
    [ "$status" -eq 0 ]
    grep -qx true <<<"$stdout"
    grep -qE '^ +[0-9]+ +[0-9]+ +profile.recency >= 9$' <<<"$stdout"
    bound=$(awk '/^steps at most/ { print $4 }' <<<"$stdout")
    taken=$(awk '/^steps here/ { print $3 }' <<<"$stdout")
    [ "$taken" -le "$bound" ]
    grep -qE '^program bytes +[0-9]+$' <<<"$stdout"
}

@test "--trace shows sub-expressions with their values, and then the value" {
    expr 'profile.recency >= 9 && context.cart_value > 100.0' --trace --vars $profile
    [ "$status" -eq 0 ]
    grep -qE '^profile.recency >= 9 +true$' <<<"$stdout"
    grep -qE '^context.cart_value > 100.0 +true$' <<<"$stdout"
    [ "$(tail -n 1 <<<"$stdout")" = true ]
}

@test "--trace shows each part on one line that prints" {
    expr $'profile.first_name +\n"\u202e\u202d"' --trace --vars $profile
    [ "$status" -eq 0 ]
    [ "$(wc -l <<<"$stdout")" -eq 3 ]
    [ "$(sed -n 2p <<<"$stdout" | tr -s ' ')" = 'profile.first_name + "��" "Zoë��"' ]
}

@test "--trace ends in the report when evaluation ends in an error" {
    expr '1 / (profile.recency - 10)' --trace --vars $profile
    [ "$status" -eq 1 ]
    grep -qE '^profile.recency - 10 +0$' <<<"$stdout"
    [[ $stderr == *'divide by zero'* ]]
}

@test "--functions lists macros, operators and functions, with their signatures" {
    expr --functions
    [ "$status" -eq 0 ]
    grep -qE '^size\(string\) -> int  +[A-Z]' <<<"$stdout"
    grep -qE '^string\.matches\(string\) -> bool  +[A-Z]' <<<"$stdout"
    grep -qE '^int \+ int -> int  +[A-Z]' <<<"$stdout"
    grep -qE '^bool \? A : A -> A  +[A-Z]' <<<"$stdout"
    grep -qE '^A in list\(A\) -> bool  +[A-Z]' <<<"$stdout"
    grep -qE '^list\.exists\(x, condition\)  +[A-Z]' <<<"$stdout"
    ! grep -q @ <<<"$stdout"
    [ "$(wc -l <<<"$stdout")" -gt 100 ]
}

# ---- Wrong command lines ---------------------------------------------------------------------------------------------

@test "wrong options: exit 2, with the nearest" {
    refuses 'unknown option `--jsn`; did you mean `--json`?' 1 --jsn
    refuses 'unknown option `--frobnicate`' 1 --frobnicate
    refuses 'unknown option `-v`' 1 -v
    refuses '`--vars` needs an argument: --vars FILE.json' 1 --vars
    refuses '`--json` takes no argument' 1 --json=1
}

@test "wrong arguments: exit 2" {
    refuses 'an expression is needed'
    refuses 'an expression is needed' --json
    refuses 'unexpected argument `2`' 1 2
    refuses '`--ast` and `--code` cannot be asked for together' 1 --ast --code
    refuses 'cannot be given together' 1 --file x
    refuses 'No such file' --file /nonexistent.cel
    refuses 'Is a directory' --file /
}

# ---- Colour ----------------------------------------------------------------------------------------------------------

# on_terminal COMMAND...: its output as a terminal would get it.
on_terminal() { script -qec "$(printf '%q ' "$@")" /dev/null; }

@test "colour only on a terminal, and never with NO_COLOR" {
    script -qec true /dev/null >/dev/null 2>&1 || skip "there is no terminal to be had"
    expr '1 +'
    [[ $stderr != *$'\033'* ]]
    [[ $(NO_COLOR= on_terminal "$tact" expr '1 +') == *$'\033[1;31merror'* ]]
    [[ $(NO_COLOR=1 on_terminal "$tact" expr '1 +') != *$'\033'* ]]
}

@test "predicates" {
    run "$TACT" expr '!(n < 3) && (b || "x" in t)' --vars <(echo '{"n": 1, "b": true, "t": ["x"]}') --predicates
    [ "$status" -eq 0 ]
    [ "$output" = 'n >= 3 && (b == true || "x" in t)' ]
    run "$TACT" expr 'n > 5 && n < 3' --vars <(echo '{"n": 1}') --predicates
    [ "$output" = $'n > 5 && n < 3\n(it can never hold)' ]
    run "$TACT" expr 'n + 1' --vars <(echo '{"n": 1}') --predicates
    [ "$status" -eq 1 ]
    [[ "$output" == *"bool"* ]]
}
