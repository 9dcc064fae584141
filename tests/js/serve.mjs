// SPDX-License-Identifier: Apache-2.0
//
// A real server, `tact serve`, with rules/shop and the sample's persons, that can be stopped and started again.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import { project, root } from './package.mjs';
import { freePort } from './rep.mjs';

const program = process.env.TACT ?? path.join(root, 'build/tact');
const db = path.join(project, 'db');

/** Runs a command of the program's; returns what it printed. */
export function run(...args) {
    return execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export class Serve {
    static async prepare() {
        const serve = new Serve();
        serve.port = await freePort();
        serve.url = `ws://127.0.0.1:${serve.port}`;
        run('import', 'rules/sample/people.csv', '--db', db, '--schema', 'rules/shop/schema.yaml',
            '--id', 'crm=id', '--id', 'email=email', '--id', 'cookie=cookie');
        run('publish', 'rules/shop', '--db', db, '--message', 'first');
        return serve;
    }

    /** Does not wait until it answers: clients do. */
    start(...more) {
        const args = ['serve', '--db', db, '--listen', this.url, '--http', '', ...more];
        this.process = spawn(program, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
        this.said = '';
        this.process.stderr.on('data', (text) => (this.said += text));
    }

    async stop() {
        assert.equal(this.process.exitCode, null, this.said);
        const ended = once(this.process, 'exit');
        this.process.kill('SIGTERM');
        assert.deepEqual(await ended, [0, null], this.said);
    }
}
