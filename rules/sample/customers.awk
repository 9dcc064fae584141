# SPDX-License-Identifier: Apache-2.0
#
# Draws synthetic customers, nobody of whom exists, with the columns of the data that rules/hillstrom is about
# (rules/hillstrom/README.md), as CSV: awk -f rules/sample/customers.awk -v rows=2000. The same rows with every awk: the
# chance is its own (Park and Miller's generator, whose products fit into a double).

function chance() {
    state = state * 16807 % 2147483647
    return state / 2147483647
}
function pick(text,   n, of) {
    n = split(text, of, "|")
    return of[1 + int(chance() * n)]
}
function range(dollars) {
    if (dollars < 100) return "1) $0 - $100"
    if (dollars < 200) return "2) $100 - $200"
    if (dollars < 350) return "3) $200 - $350"
    if (dollars < 500) return "4) $350 - $500"
    if (dollars < 750) return "5) $500 - $750"
    if (dollars < 1000) return "\"6) $750 - $1,000\""
    return "\"7) $1,000 +\""
}

BEGIN {
    state = 20080320
    print "recency,history_segment,history,mens,womens,zip_code,newbie,channel,segment,visit,conversion,spend"
    for (i = 0; i < (rows ? rows : 2000); i++) {
        recency = 1 + int(12 * chance())
        history = 29.99 - 210 * log(chance()) * (chance() < 0.5)
        kind = chance() # of merchandise: men's, women's, or both
        zip = pick("Surburban|Surburban|Urban|Urban|Rural")
        newbie = chance() < 0.5
        channel = pick("Phone|Web|Multichannel")
        segment = pick("Mens E-Mail|Womens E-Mail|No E-Mail")
        visit = chance() < 0.15
        bought = visit && chance() < 0.06
        printf "%d,%s,%.2f,%d,%d,%s,%d,%s,%s,%d,%d,%.2f\n", recency, range(history), history, (kind < 0.45 || kind > 0.9),
            (kind >= 0.45), zip, newbie, channel, segment, visit, bought, bought ? 29.99 + 170 * chance() : 0
    }
}
