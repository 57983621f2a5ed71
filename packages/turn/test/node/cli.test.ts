import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeNetwork } from '@kaon/runtime/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pem } from './helpers/certificate.ts';
import { Command } from './helpers/command.ts';
import { exchange, LiveClient } from './helpers/live-client.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaon-turn-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

function run(...args: readonly string[]): Command {
  const command = new Command(...args);
  opened.push(command);
  return command;
}

async function client(...args: Parameters<typeof LiveClient.open>): Promise<LiveClient> {
  const live = await LiveClient.open(...args);
  opened.push(live);
  return live;
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const LOCAL = ['--realm', 'example.org', '-L', '127.0.0.1', '-p', '0', '--allow-loopback-peers'];

describe('kaon-turn', () => {
  it('tells its version and its flags', async () => {
    const [version, help] = [run('--version'), run('--help')];
    expect(await version.ended).toBe(0);
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    expect(version.stdout).toBe(`${JSON.parse(manifest).version}\n`);
    expect(await help.ended).toBe(0);
    expect(help.stdout).toMatch(/^kaon-turn: .*\n\nUsage: kaon-turn --realm NAME/);
    expect(help.stderr).toBe('');
  });

  it('called wrongly says why and ends with 2', async () => {
    const command = run('--relm', 'x');
    expect(await command.ended).toBe(2);
    expect(command.stderr).toBe("kaon-turn: Unknown option '--relm'\nkaon-turn --help tells what there is.\n");
    expect(command.stdout).toBe('');
  });

  it('that cannot listen says why and ends with 1', async () => {
    const socket = await nodeNetwork.bindUdp({ address: '127.0.0.1' });
    opened.push(socket);
    const { port } = socket.local;
    const command = run('-r', 'x', '-u', 'a:b', '-L', '127.0.0.1', '-p', `${port}`);
    expect(await command.ended).toBe(1);
    expect(command.stderr).toBe(`kaon-turn: bind EADDRINUSE 127.0.0.1:${port}\n`);
  });

  it('with a realm that cannot be says why and ends with 1', async () => {
    const command = run('-r', 'x'.repeat(800), '-u', 'a:b', '-L', '127.0.0.1', '-p', '0');
    expect(await command.ended).toBe(1);
    expect(command.stderr).toBe('kaon-turn: realm has more than 763 bytes\n');
  });

  it('serves by flags and file over UDP, TCP, TLS and DTLS, logs, and ends on SIGTERM when the last client has gone', async () => {
    const { certificate, privateKey } = await pem();
    const pidfile = join(folder, 'pid');
    const config = file(
      'config.json',
      JSON.stringify({
        realm: 'example.org',
        user: ['u:p'],
        'listening-ip': '127.0.0.1',
        'listening-port': 0,
        'tls-listening-port': 0,
        cert: file('cert.pem', certificate),
        pkey: file('key.pem', privateKey),
        'allow-loopback-peers': true,
        prometheus: true,
        'prometheus-port': 0,
        pidfile,
      }),
    );
    const command = run('--config', config, '-v');
    await command.says('ready');
    expect(readFileSync(pidfile, 'utf8')).toBe(`${command.pid}\n`);
    const udp = await client(command.address('udp'));
    const tls = await client(command.address('tls'));
    await exchange(udp, tls);
    await exchange(await client(command.address('tcp')), await client(command.address('dtls')));
    const [url] = /http:\S+/.exec(command.stdout) ?? [''];
    const metrics = await (await fetch(url, { headers: { connection: 'close' } })).text();
    expect(metrics).toContain('\nkaon_turn_allocations_made_total 4\n');
    expect(command.stdout).toMatch(/^allocation \d+: u from 127\.0\.0\.1:\d+ got 127\.0\.0\.1:\d+ \(udp\)$/m);
    command.signal('SIGTERM');
    await command.says('draining');
    for (const live of opened.filter((one) => one instanceof LiveClient)) await live.end();
    expect(await command.ended).toBe(0);
    expect(existsSync(pidfile)).toBe(false);
    expect(command.stderr).toBe('');
    expect(command.stdout).toMatch(/: ended \(client\) of u, \d+ bytes from client, \d+ from peers$/m);
  });

  it('does not wait longer than --drain-timeout, and ends at once on a second signal', async () => {
    const [short, long] = [run(...LOCAL, '-u', 'u:p', '--drain-timeout', '0'), run(...LOCAL, '-u', 'u:p')];
    for (const command of [short, long]) {
      await command.says('ready');
      await (await client(command.address('udp'))).relayed();
    }
    short.signal('SIGINT');
    expect(await short.ended).toBe(0);
    long.signal('SIGTERM');
    await long.says('draining');
    long.signal('SIGTERM');
    expect(await long.ended).toBe(0);
    expect(long.stdout).toContain('ending at once');
  });

  it('on SIGHUP reads users, secrets and certificate again, and keeps what it has when that fails', async () => {
    const [before, after] = await Promise.all([pem('before'), pem('after')]);
    const users = file('users.json', '{"u":"p"}');
    const [cert, pkey] = [file('c.pem', before.certificate), file('k.pem', before.privateKey)];
    const command = run(...LOCAL, '--userdb', users, '--cert', cert, '--pkey', pkey, '--tls-listening-port', '0');
    await command.says('ready');
    file('users.json', '{"v":"w"}');
    file('c.pem', after.certificate);
    file('k.pem', after.privateKey);
    command.signal('SIGHUP');
    await command.says('reloaded');
    const credentials = { username: 'v', password: 'w' };
    await (await client(command.address('tls'), { credentials })).relayed();
    await expect((await client(command.address('udp'))).relayed()).rejects.toMatchObject({ statusCode: 401 });
    file('users.json', '{');
    command.signal('SIGHUP');
    await command.says('kaon-turn: ');
    expect(command.stderr).toContain(`${users}: `);
    await (await client(command.address('dtls'), { credentials })).relayed();
    command.signal('SIGTERM');
    await command.says('draining');
    command.signal('SIGTERM');
    expect(await command.ended).toBe(0);
  });

  it('with workers serves and ends', async () => {
    const command = run(...LOCAL, '-u', 'u:p', '--workers', '2', '--prometheus', '--prometheus-port', '0');
    await command.says('ready');
    const clients = await Promise.all([1, 2, 3, 4].map(() => client(command.address('udp'))));
    await Promise.all(clients.map((live) => live.relayed()));
    const [url] = /http:\S+/.exec(command.stdout) ?? [''];
    const metrics = await (await fetch(url, { headers: { connection: 'close' } })).text();
    expect(metrics).toContain('\nkaon_turn_allocations 4\n');
    command.signal('SIGTERM');
    await command.says('draining');
    for (const live of clients) await live.end();
    expect(await command.ended).toBe(0);
  });
});
