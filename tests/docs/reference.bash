# SPDX-License-Identifier: Apache-2.0
#
# What the scripts share that write parts of a page from tables and headers: expanding X-macro tables with the C
# preprocessor, bounds, and putting the parts into the page.

# expand_rows FILE...: the preprocessor's output of these files, a row of a table on a line of its own; a row begins with
# @row, and its cells stand behind @@, @end behind the last.
expand_rows() { cat "$@" | ${CC:-cc} -E -C -P -x c - | sed 's/@end/\n/g' | sed -n '/^ *\(@row\|\/\/ \)/p'; }

# macro NAME PARAMETER...: the definition that makes such a row of a table's macro. A parameter that begins with = is no
# parameter but a cell as it is.
macro() {
    awk -v names="$*" 'BEGIN {
        n = split(names, name, " ")
        for (i = 2; i <= n; i++) {
            if (name[i] !~ /^=/) list = list (list ? ", " : "") name[i]
            row = row " @@ " (name[i] ~ /^=/ ? substr(name[i], 2) : name[i])
        }
        print "#define " name[1] "(" list ") @row" row " @@ @end"
    }'
}

# What awk needs to read those lines: cells of a row, adjacent string literals joined, and text as Markdown has it.
cells='
    function cell(text) {
        gsub(/^ +| +$/, "", text)
        if (text !~ /^"/) return text
        gsub(/" +"/, "", text)
        text = substr(text, 2, length(text) - 2)
        gsub(/\\"/, "\"", text)
        return text
    }
    function row(line,   i, n, part) { n = split(line, part, " @@ "); for (i = 2; i < n; i++) c[i - 1] = cell(part[i]); return n - 2 }
    function code(text) { gsub(/\|/, "\\|", text); return "`" text "`" }
    function prose(text) { gsub(/[|*<]/, "\\\\&", text); return text }
'

# The line that defines NAME in FILE, as "value // comment".
definition() {
    awk -v name="$2" '
        /\\$/ { sub(/ *\\$/, " "); start = start $0; next }
        { $0 = start $0; start = "" }
        $0 ~ "(^| )" name " = " || $0 ~ "^#define +" name " " {
            sub(".*" name "[ =]+", "")
            print; found = 1; exit
        }
        END { exit !found }' "$1" || { echo "${0##*/}: $1 defines no $2" >&2; exit 1; }
}

bound() { # FILE NAME [WHAT]
    local text value
    text=$(definition "$1" "$2")
    value=${text%%//*}
    value=${value//UINT64_C/} value=${value//INT64_C/} value=${value//(size_t)/} value=${value%%[,\}]*}
    value=$((value))
    printf '| `%s` | %s | %s |\n' "$2" "$(thousands "$value")" "${3-${text#*// }}"
}

thousands() { sed -E ':a; s/([0-9])([0-9]{3})(,|$)/\1,\2\3/; ta' <<<"$1"; }

# write_page FILE PART...: runs the function of each part's name and puts what it prints between the two lines of the
# page that name it. The page is touched only if something changes.
write_page() {
    local file=$1 part work mark
    shift
    work=$(mktemp -d)
    trap "rm -rf '$work'" EXIT
    for part; do
        "$part" >"$work/$part"
        [ "$(wc -l <"$work/$part")" -gt 2 ] || { echo "${0##*/}: no $part were found" >&2; exit 1; }
        for mark in "<!-- $part: written by tests/docs/${0##*/} -->" "<!-- /$part -->"; do
            grep -qxF -e "$mark" "$file" || { echo "${0##*/}: $file has no line $mark" >&2; exit 1; }
        done
    done
    awk -v work="$work" -v mark="^<!-- [a-z_]+: written by tests/docs/${0##*/} -->\$" '
        $0 == "<!-- /" part " -->" && part { part = "" }
        !part { print }
        $0 ~ mark {
            part = $2; sub(/:$/, "", part)
            print ""
            while ((getline line <(work "/" part)) > 0) print line
            print ""
        }' "$file" >"$work/page"
    cmp -s "$work/page" "$file" || cp "$work/page" "$file"
}
