#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact key: keys as files, and who may publish into a store.

load store
load rules
setup() { store_setup && rules_shop; }

@test "help" { helps key; }

@test "a pair, which is never written over" {
    does key new anna.key
    [[ $stdout == 'anna.key is secret: keep it'$'\n''anna.key.pub is for the stores that are to allow it: '* ]] || told
    [ "$(stat -c %a anna.key)" = 600 ]
    [[ $(cat anna.key) =~ ^tact-secret-key\ [A-Za-z0-9+/]{86}==$ ]]
    [[ $(cat anna.key.pub) =~ ^tact-public-key\ [A-Za-z0-9+/]{43}=$ ]]
    cp anna.key before
    fails 1 'tact: anna.key.pub: there is such a file already; a key is never written over' key new anna.key
    rm anna.key.pub
    fails 1 'tact: anna.key: there is such a file already; a key is never written over' key new anna.key
    cmp anna.key before && [ ! -e anna.key.pub ]
    fails 3 'tact: no/anna.key.pub: No such file or directory' key new no/anna.key
}

@test "only those that are allowed publish" {
    does publish shop --db db
    does key new anna.key && does key new keys.key
    does publish shop --db db --key keys.key
    does key allow anna.key.pub --db db
    [ "$stdout" = '`anna` may publish' ] || told
    does key list --db db
    [ "$stdout" = "anna  $(cut -d' ' -f2 anna.key.pub)
bundles need not be signed" ] || told
    does key require on --db db
    [ "$(versions)" = 'shop@2* shop@1' ]
    alter 1.0 2.0
    t publish shop --db db
    [ "$status" -eq 1 ] && [[ $stderr == *'must be signed here, by `anna`; this one is not'* ]] || told
    t publish shop --db db --key keys.key
    [ "$status" -eq 1 ] && [[ $stderr == *"may not publish here: $(cut -d' ' -f2 keys.key.pub)"* ]] || told
    [ "$(versions)" = 'shop@2* shop@1' ]
    does publish shop --db db --key anna.key
    does bundles --db db
    says 'signed by anna'
    says "signed by unknown key $(cut -d' ' -f2 keys.key.pub)"
    t rollback --db db
    [ "$status" -eq 1 ] && [ "$(versions)" = 'shop@3* shop@2 shop@1' ] || told
    fails 1 'tact: `anna` is the last that may publish where bundles must be signed' key deny anna --db db
    does key require off --db db
    does key deny anna --db db
    does rollback 1 --db db
    does fsck --db db
}

@test "the key's text, with a name" {
    does publish shop --db db
    does key new anna.key
    does key allow "$(cut -d' ' -f2 anna.key.pub)" --name anna@work --db db
    fails 1 'tact: this key may publish already, as `anna@work`' key allow anna.key.pub --db db
    does key list --db db
    says 'anna@work  '
}

@test "a text says not whose it is" {
    does publish shop --db db
    does key new anna.key
    fails 2 'tact: a key'"'"'s text says not whose it is: `--name NAME` is needed' \
        key allow "$(cut -d' ' -f2 anna.key.pub)" --db db
    fails 2 'tact: a key'"'"'s text says not whose it is: `--name NAME` is needed' key allow "$(cat anna.key.pub)" --db db
    does key allow "$(cat anna.key.pub)" --name anna --db db
    does key list --db db
    says "anna  $(cut -d' ' -f2 anna.key.pub)"
}

@test "keys that are none" {
    does publish shop --db db
    does key new anna.key
    fails 2 'tact: anna.key.pub: this is the public key; the secret one is needed' \
        publish shop --db db --key anna.key.pub
    fails 2 'tact: anna.key: this is the secret key; the public one is needed' key allow anna.key --db db
    chmod 644 anna.key
    fails 2 'tact: anna.key: others may read this secret key (mode 0644); make it yours alone: chmod 600 anna.key' \
        publish shop --db db --key anna.key
    chmod 600 anna.key && sed -i 's/key \(.\)\(.\)/key \2\1/; s/key \(.\)\1/key \1z/' anna.key
    fails 2 'tact: anna.key: this secret key is damaged' publish shop --db db --key anna.key
    echo 'tact-secret-key AAAA' >anna.key
    fails 2 'tact: anna.key: this is no secret key, which `tact key new` makes' publish shop --db db --key anna.key
}

@test "mistakes" {
    usage=$("$tact" key --help | sed -n '1s/^usage: //p')
    fails 2 "tact: what to do is needed; usage: $usage" key
    fails 2 'tact: `tact key remove`: it is new, allow, deny, require or list' key remove
    fails 2 'tact: `tact key allow` needs FILE.pub' key allow --db db
    fails 2 "tact: \`--db DIR\` is needed; usage: $usage" key list
    fails 2 "tact: unexpected argument \`more\`; usage: $usage" key list more --db db
    fails 2 'tact: `yes`: it is `require on` or `require off`' key require yes --db db
    t key list --db nowhere
    [ "$status" -eq 3 ] || told
    store_fill
    fails 1 'tact: nobody could publish any more: allow a key first' key require on --db db
    fails 1 'tact: no key of the name `anna` may publish' key deny anna --db db
}
