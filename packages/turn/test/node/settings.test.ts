import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLAG_BY_NAME } from '../../src/node/command/flags.ts';
import { readSettings, readValues } from '../../src/node/command/settings.ts';

let folder: string;
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaon-turn-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const NEEDED = ['--realm', 'example.org', '--user', 'a:b'];

function settings(...args: string[]): ReturnType<typeof readSettings> {
  return readSettings(readValues([...NEEDED, ...args]));
}

describe('readSettings', () => {
  it('has the defaults of the guide', () => {
    expect(settings()).toEqual({
      server: {
        realm: 'example.org',
        users: { a: 'b' },
        secrets: [],
        listeners: [
          { protocol: 'udp', port: 3478 },
          { protocol: 'tcp', port: 3478 },
        ],
        relayPorts: [49152, 65535],
        relayAddresses: [],
        externalAddresses: [],
        allowedPeers: [],
        deniedPeers: [],
        tcpRelay: false,
        mobility: false,
        stunBinding: true,
        alternateServers: [],
        announceSoftware: true,
      },
      workers: 1,
      metrics: undefined,
      drainTimeout: 30_000,
      pidfile: undefined,
      verbose: false,
    });
  });

  it('every flag changes something', () => {
    const cert = file('cert.pem', 'CERT');
    const pkey = file('key.pem', 'KEY');
    const secure = ['--cert', cert, '--pkey', pkey];
    const users = file('users.json', '{"carol":"c"}');
    const secrets = file('secrets', 'one\n\n two \n');
    const keys = file('keys.json', JSON.stringify({ north: btoa('k'.repeat(32)) }));
    const cases: Record<string, [args: string[], base?: string[]]> = {
      'listening-ip': [['-L', '192.0.2.1', '-L', '::1']],
      'listening-port': [['-p', '4000']],
      'tls-listening-port': [[...secure, '--tls-listening-port', '443'], secure],
      cert: [secure],
      pkey: [secure],
      'no-udp': [['--no-udp']],
      'no-tcp': [['--no-tcp']],
      'no-tls': [[...secure, '--no-tls'], secure],
      'no-dtls': [[...secure, '--no-dtls'], secure],
      workers: [['--workers', '2']],
      'relay-ip': [['--relay-ip', '192.0.2.1']],
      'external-ip': [['--external-ip', '192.0.2.1/10.0.0.1']],
      'min-port': [['--min-port', '50000']],
      'max-port': [['--max-port', '50000']],
      'allowed-peer-ip': [['--allowed-peer-ip', '10.0.0.0/8']],
      'denied-peer-ip': [['--denied-peer-ip', '198.51.100.0-198.51.100.9']],
      'allow-loopback-peers': [['--allow-loopback-peers']],
      'tcp-relay': [['--tcp-relay']],
      mobility: [['--mobility']],
      'no-stun': [['--no-stun']],
      'alternate-server': [['--alternate-server', '[2001:db8::1]:3478']],
      realm: [['--realm', 'example.com']],
      user: [['--user', 'c:d:e']],
      userdb: [['--userdb', users]],
      'static-auth-secret': [['--static-auth-secret', 'north']],
      'static-auth-secret-file': [['--static-auth-secret-file', secrets]],
      'stale-nonce': [['--stale-nonce', '60']],
      'max-allocate-lifetime': [['--max-allocate-lifetime', '600']],
      'total-quota': [['--total-quota', '5']],
      'user-quota': [['--user-quota', '5']],
      'address-quota': [['--address-quota', '5']],
      'max-bps': [['--max-bps', '5']],
      'user-max-bps': [['--user-max-bps', '5']],
      'max-connections': [['--max-connections', '5']],
      'max-connections-per-address': [['--max-connections-per-address', '5']],
      'oauth-keys': [['--oauth-keys', keys]],
      'server-name': [
        ['--oauth-keys', keys, '--server-name', 'turn.example.org'],
        ['--oauth-keys', keys],
      ],
      'max-permissions': [['--max-permissions', '5']],
      'max-channels': [['--max-channels', '5']],
      'small-requests': [['--small-requests', 'nothing']],
      'small-answers': [['--small-answers', '5']],
      'idle-timeout': [['--idle-timeout', '5']],
      config: [['--config', file('c.json', '{"workers":3}')]],
      'drain-timeout': [['--drain-timeout', '0']],
      prometheus: [['--prometheus']],
      'prometheus-address': [['--prometheus', '--prometheus-address', '::1'], ['--prometheus']],
      'prometheus-port': [['--prometheus', '--prometheus-port', '0'], ['--prometheus']],
      pidfile: [['--pidfile', '/run/x']],
      'no-software-attribute': [['--no-software-attribute']],
      verbose: [['--verbose']],
    };
    for (const name of FLAG_BY_NAME.keys()) {
      if (name === 'help' || name === 'version') continue;
      const [args, base = []] = cases[name] ?? [[]];
      expect([name, settings(...args)]).not.toEqual([name, settings(...base)]);
    }
  });

  it('makes a listener of each kind at each address when there is a certificate', () => {
    const cert = file('cert.pem', 'CERT');
    const pkey = file('key.pem', 'KEY');
    const pem = { certificate: 'CERT', privateKey: 'KEY' };
    const { listeners } = settings('-L', '192.0.2.1', '--cert', cert, '--pkey', pkey, '--no-tcp').server;
    expect(listeners).toEqual([
      { protocol: 'udp', address: '192.0.2.1', port: 3478 },
      { protocol: 'tls', address: '192.0.2.1', port: 5349, ...pem },
      { protocol: 'dtls', address: '192.0.2.1', port: 5349, ...pem },
    ]);
  });

  it('scales seconds, joins users and secrets from flags and files, and takes colons in passwords', () => {
    const users = file('users.json', '{"carol":"c"}');
    const secrets = file('secrets', 'one\n\n two \n');
    const { server, drainTimeout } = settings(
      ...['--userdb', users, '--user', 'x:y:z', '--static-auth-secret', 'zero', '--static-auth-secret-file', secrets],
      ...['--max-allocate-lifetime', '900', '--stale-nonce', '60', '--drain-timeout', '5'],
    );
    expect(server.users).toEqual({ carol: 'c', a: 'b', x: 'y:z' });
    expect(server.secrets).toEqual(['zero', 'one', 'two']);
    expect([server.maxLifetime, server.nonceLifetime, drainTimeout]).toEqual([900_000, 60_000, 5000]);
  });

  it('reads the keys of an authorization server, which stands in for users', () => {
    const keys = file('keys.json', JSON.stringify({ north: btoa('n'.repeat(16)), south: btoa('s'.repeat(32)) }));
    const { oauth } = readSettings(readValues(['--realm', 'example.org', '--oauth-keys', keys])).server;
    const ofBytes = (length: number, text: string): Uint8Array => new Uint8Array(length).fill(text.charCodeAt(0));
    expect(oauth).toEqual({
      serverName: 'example.org',
      keys: [
        { kid: 'north', key: ofBytes(16, 'n') },
        { kid: 'south', key: ofBytes(32, 's') },
      ],
    });
    const short = file('short.json', '{"north":"YQ=="}');
    expect(() => settings('--oauth-keys', short)).toThrow(`${short}: the key "north" must be 16 or 32 bytes in base64`);
  });

  it('lets flags win over the file', () => {
    const config = file('c.json', '{"realm":"file","user":"f:f","workers":3,"mobility":true}');
    const values = readValues(['--config', config, '--realm', 'flag']);
    expect(readSettings(values)).toMatchObject({
      server: { realm: 'flag', users: { f: 'f' }, mobility: true },
      workers: 3,
    });
  });

  it.each([
    [['--user', 'a:b'], '--realm NAME is missing: the domain of this server, such as example.org'],
    [['--realm', 'x'], 'nobody could use this server: give --user, --userdb, --static-auth-secret or --oauth-keys'],
    [['--realm', 'x', '--user', 'ab'], '--user must be NAME:PASSWORD, not "ab"'],
    [['--realm', 'x', '--user', ':b'], '--user must be NAME:PASSWORD, not ":b"'],
    [[...NEEDED, '--min-port', '9', '--max-port', '8'], '--min-port 9 is above --max-port 8'],
    [[...NEEDED, '--listening-ip', 'localhost'], '--listening-ip: "localhost" is not a numeric IP address'],
    [[...NEEDED, '--relay-ip', '1.2.3'], '--relay-ip: "1.2.3" is not a numeric IP address'],
    [[...NEEDED, '--external-ip', 'x'], '--external-ip: "x" is not a numeric IP address'],
    [
      [...NEEDED, '--external-ip', '192.0.2.1/::1'],
      '--external-ip must be PUBLIC or PUBLIC/LOCAL of one family, not "192.0.2.1/::1"',
    ],
    [
      [...NEEDED, '--alternate-server', '2001:db8::1'],
      '--alternate-server must be ADDRESS:PORT or [ADDRESS]:PORT, not "2001:db8::1"',
    ],
    [[...NEEDED, '--small-requests', 'some'], '--small-requests must be shortest, full or nothing, not "some"'],
    [[...NEEDED, '--no-udp', '--no-tcp'], 'nothing is left to listen on'],
    [[...NEEDED, '--cert', 'x'], '--cert and --pkey go together'],
    [
      [...NEEDED, '--cert', '/nowhere/c', '--pkey', '/nowhere/k'],
      "--cert: ENOENT: no such file or directory, open '/nowhere/c'",
    ],
    [[...NEEDED, '--config', '/nowhere/c.json'], "--config: ENOENT: no such file or directory, open '/nowhere/c.json'"],
  ])('says what is wrong with %j', (args, message) => {
    expect(() => readSettings(readValues(args))).toThrow(expect.objectContaining({ name: 'UsageError', message }));
  });
});
