// SPDX-License-Identifier: Apache-2.0
//
// The package as somebody has it who installed it: the files that it publishes and no others, in a node_modules of its
// own, below the packages that tests read.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const packages = path.join(root, 'build/npm/node_modules');
const source = path.join(root, 'clients/js');

const project = mkdtempSync(path.join(root, 'build/npm/js-'));
const installed = path.join(project, 'node_modules/@tact/client');
process.on('exit', () => rmSync(project, { recursive: true, force: true }));

mkdirSync(installed, { recursive: true });
for (const file of ['package.json', ...JSON.parse(readFileSync(path.join(source, 'package.json'))).files]) {
    cpSync(path.join(source, file), path.join(installed, file));
}

/** The folder of a project that has the package. */
export { project };
/** What `import … from '@tact/client'` gives in Node. */
export const client = await import(pathToFileURL(path.join(installed, 'node.js')));
export const ws = await import(pathToFileURL(path.join(packages, 'ws/wrapper.mjs')));
export const msgpack = await import(pathToFileURL(path.join(packages, '@msgpack/msgpack/dist.esm/index.mjs')));
