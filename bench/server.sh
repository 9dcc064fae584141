#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bench/server.sh [FOLDER]: the figures of the server, each beside an echo over NNG in the same run. Makes (once, in FOLDER,
# build/bench by default) a store of PERSONS synthetic customers with 20 attributes each and a bundle of OFFERS offers in
# placements of 50, and one placement that all offers fit; starts a server; asks it as `tact bench` does; ends it. Takes
# about five minutes after the store is made.
#
#   PERSONS=1000000 OFFERS=1000 SECONDS_EACH=10 TACT=build/tact bench/server.sh
set -eu -o pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8
tact=$(realpath "${TACT:-build/tact}")
persons=${PERSONS:-1000000} offers=${OFFERS:-1000} seconds=${SECONDS_EACH:-10}
work=$(realpath -m "${1:-build/bench}")
mkdir -p "$work/rules"

# ---- What is asked about ---------------------------------------------------------------------------------------------

attributes='
  country: {type: string, values: [de, fr, it, es, nl, at]}
  language: {type: string}
  city: {type: string}
  age: {type: int, min: 0}
  recency: {type: int, min: 0}
  visits: {type: int, min: 0}
  purchases: {type: int, min: 0}
  history: {type: double}
  average: {type: double}
  discount: {type: double}
  score: {type: double}
  newsletter: {type: bool}
  app: {type: bool}
  member: {type: bool}
  tier: {type: string, values: [none, silver, gold]}
  category: {type: string}
  brand: {type: string}
  channel: {type: string}
  segment_code: {type: int}
  store_id: {type: int}'

write_rules() {
    cat <<END
bundle: bench
identities: {crm: {unique: true}}
events: {page_view: {properties: {category: string}}, purchase: {properties: {amount: double}}}
attributes:$attributes
context: {device: {type: string, values: [desktop, mobile], default: desktop}}
rankings: {worth: 'propensity * offer.value * (context.device == "mobile" ? 1.2 : 1.0)'}
END
    awk -v offers="$offers" '
        function pick(n) { seed = (seed * 1103515245 + 12345) % 2147483648; return int(seed / 65536) % n }
        BEGIN {
            seed = 7; places = int((offers + 49) / 50)
            split("de fr it es nl at", country, " "); split("none silver gold", tier, " ")
            print "placements:"
            for (p = 0; p < places; p++) printf "  place_%d: {channel: web, slots: 3, rank: worth}\n", p
            print "  anywhere: {channel: web, slots: 3, rank: worth}"
            print "content:"
            for (p = 0; p < places; p++) printf "  place_%d: {title: string}\n", p
            print "  anywhere: {title: string}"
            print "offers:"
            for (o = 0; o < offers; o++) {
                printf "  offer_%d:\n    value: %d.0\n    propensity: \"0.05 + (profile.recency < %d ? 0.1 : 0.0)\"\n", o, 1 + pick(90), 1 + pick(12)
                rule = "profile.country in [\"" country[1 + pick(3)] "\", \"" country[4 + pick(3)] "\"]"
                rule = rule " && profile.age >= " (18 + pick(20)) " && profile.history > " pick(300) ".0"
                rule = rule (pick(2) ? " && profile.member" : " && profile.tier != \"" tier[1 + pick(3)] "\"")
                printf "    eligible: %c%s%c\n    caps: [{on: impression, max: %d, every: 7d}, {on: click, max: 1}]\n", 39, rule, 39, 3 + pick(5)
                printf "    content: {place_%d: {title: Offer %d}, anywhere: {title: Offer %d}}\n", o % places, o, o
            }
        }'
}

write_persons() {
    awk -v persons="$persons" 'BEGIN {
        srand(7)
        split("de fr it es nl at", country, " "); split("none silver gold", tier, " "); split("true false", flag, " ")
        split("shoes dresses coats bags garden toys books music", category, " ")
        print "id,country,language,city,age,recency,visits,purchases,history,average,discount,score,newsletter,app,member,tier,category,brand,channel,segment_code,store_id"
        for (i = 1; i <= persons; i++)
            printf "%d,%s,%s,city_%d,%d,%d,%d,%d,%.2f,%.2f,%.3f,%.4f,%s,%s,%s,%s,%s,brand_%d,%s,%d,%d\n", i,
                country[1 + int(rand() * 6)], country[1 + int(rand() * 6)], rand() * 5000, 18 + rand() * 60, rand() * 24, rand() * 300,
                rand() * 40, rand() * 900, rand() * 90, rand(), rand(), flag[1 + int(rand() * 2)], flag[1 + int(rand() * 2)],
                flag[1 + int(rand() * 2)], tier[1 + int(rand() * 3)], category[1 + int(rand() * 8)], rand() * 400,
                category[1 + int(rand() * 8)], rand() * 1000, rand() * 200
    }'
}

stamp="$persons persons, $offers offers"
if [ "$(cat "$work/made" 2>/dev/null)" != "$stamp" ]; then
    echo "making a store: $stamp"
    rm -rf "$work/store" "$work/made"
    write_rules >"$work/rules/bundle.yaml"
    write_persons >"$work/persons.csv"
    "$tact" publish "$work/rules" --db "$work/store"
    "$tact" import "$work/persons.csv" --db "$work/store" --id crm=id
    rm "$work/persons.csv"
    echo "$stamp" >"$work/made"
fi

# ---- The server ------------------------------------------------------------------------------------------------------

# Twice over: the server (and in its turns the echo) on one processor and the load on another; and both on both.
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait' EXIT
begin() { # the processors that the server is kept on
    taskset -c "$1" "$tact" serve --db "$work/store" --listen tcp://127.0.0.1:0 --http '' 2>"$work/server.log" &
    server=$!
    until grep -q 'msg=ready' "$work/server.log"; do
        kill -0 "$server" || { cat "$work/server.log" >&2; exit 1; }
        sleep 0.01
    done
    echo "start to ready, ms: $(sed -n 's/.*msg=ready.*took_ms=\([0-9]*\).*/\1/p' "$work/server.log")"
    url=$(grep -o 'tcp://[0-9.:]*' "$work/server.log" | head -n 1)
}

bench() {
    printf '\n== %s\n' "$1"
    shift
    "${apart[@]}" "$tact" bench --to "$url" --persons "$persons" --seed 7 --quiet --seconds "$seconds" "${echo[@]}" "$@" ||
        echo "(ended with $?)"
}

measure() {
    saturated=(--closed --connections 4 --in-flight 32)
    bench 'one request in flight' --placement place_0 --closed --connections 1 --in-flight 1
    bench 'saturated: 32 in flight on each of 4 connections' --placement place_0 "${saturated[@]}"
    bench 'saturated, all offers are candidates' --placement anywhere "${saturated[@]}" | tee "$work/saturated"
    local most
    most=$(awk '/^server /{print int($2)}' "$work/saturated")
    bench "as many by schedule as it can answer, $most a second" --placement anywhere --rate "$most" --no-echo
    bench "twice as many" --placement anywhere --rate $((2 * most)) --no-echo
    bench '10,000 decides a second, by schedule' --placement place_0 --rate 10000 --svg "$work/latency.svg"
    bench 'the same, 1,000 events a second recorded and the bundle published every second' --placement place_0 \
        --rate 10000 --events 1000 --publish "$work/rules" --every 1
    printf '\n== memory of the server\n'
    grep -E '^(VmRSS|RssAnon|RssFile)' "/proc/$server/status"
}

end() {
    kill "$server"
    wait "$server"
    server=
}

printf '==== server on processor 0, load on processor 1\n'
apart=(taskset -c 1) echo=(--echo-cpu 0)
begin 0
measure
end
printf '\n==== server and load on both\n'
apart=() echo=()
begin 0,1
measure
end
