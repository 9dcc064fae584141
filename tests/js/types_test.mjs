// SPDX-License-Identifier: Apache-2.0
//
// The package's types: a program compiles against them, in both ways in which packages are found, mistakes do not, and
// they name what the package has and every error code there is.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { client, packages, project, root } from './package.mjs';

const types = readFileSync(path.join(root, 'clients/js/index.d.ts'), 'utf8');

for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
]) {
    test(`a program compiles, and its mistakes do not (${moduleResolution})`, () => {
        cpSync(path.join(root, 'tests/js/types_example.ts'), path.join(project, 'example.ts'));
        writeFileSync(path.join(project, 'package.json'), '{"type": "module"}');
        const options = ['--strict', '--exactOptionalPropertyTypes', '--noEmit', '--target', 'es2022'];
        const { status, stdout } = spawnSync(
            process.execPath,
            [
                path.join(packages, 'typescript/bin/tsc'), ...options, '--lib', 'es2022,dom',
                '--module', module, '--moduleResolution', moduleResolution, 'example.ts',
            ],
            { cwd: project, encoding: 'utf8' },
        );
        assert.equal(stdout, '');
        assert.equal(status, 0);
    });
}

test('every error code has its type', () => {
    for (const table of ['problem_tbl.h', 'err_tbl.h']) {
        const rows = readFileSync(path.join(root, 'include/tact', table), 'utf8').matchAll(/^X\((\w+), (\w+)/gm);
        for (const [, , name] of rows) if (name !== 'ok') assert.match(types, new RegExp(`\\| '${name}'\n`), name);
    }
});

test('every operation has its method and its types', () => {
    const table = readFileSync(path.join(root, 'src/wire/operation_tbl.h'), 'utf8');
    const operations = [...table.matchAll(/^X\(\w+, (\w+)/gm)].map(([, name]) => name);
    assert.ok(operations.length >= 9);
    for (const name of operations) {
        assert.equal(typeof client.Tact.prototype[name], 'function', name);
        assert.match(types, new RegExp(`^    ${name}(<.*>)?\\(`, 'm'), name);
        assert.match(types, new RegExp(`^    ${name}: \\[`, 'm'), name);
    }
});

test('what the package has, its types declare', () => {
    for (const name of Object.keys(client)) assert.match(types, new RegExp(`^export class ${name}\\b`, 'm'));
});
