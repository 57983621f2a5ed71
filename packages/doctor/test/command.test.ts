import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { main } from '../src/command.ts';
import { certificate } from './helpers/certificate.ts';
import { behaviorServer, CARRIERS, file, nobody, stunServer, turnServer, urlOf } from './helpers/live.ts';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function doctor(...args: readonly string[]): Promise<Ended> {
  const [out, err] = [[] as string[], [] as string[]];
  const code = await main(args, { write: (text) => out.push(text) }, { write: (text) => err.push(text) });
  return { code, out: out.join(''), err: err.join('') };
}

/** The same as a process of its own, which nobody stops. */
function asProcess(...args: readonly string[]): Promise<Ended> {
  const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
  const options = ['--conditions=@kaon/source', '--disable-warning=ExperimentalWarning', cli, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = { out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      ended.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      ended.err += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...ended }));
  });
}

const USER = ['--username', 'u', '--credential', 'p'];

describe('kaon-doctor', () => {
  it('tells its options', async () => {
    const { code, out, err } = await doctor('--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^kaon-doctor \[options\]/);
    for (const option of ['username', 'credential', 'config', 'nat', 'ca', 'insecure', 'timeout', 'json', 'help'])
      expect(out).toContain(`--${option}`);
  });

  it.each([
    ['an option that there is not', ['--sever'], "Unknown option '--sever'"],
    ['what is no URL', ['example.org'], 'example.org'],
    ['a TURN server without a user', ['turn:127.0.0.1'], 'turn:127.0.0.1 needs --username and --credential'],
    ['a TURN server to tell of the NAT', [...USER, '--nat', 'turn:127.0.0.1'], '--nat takes a stun: server'],
    ['a time that is none', ['--timeout', 'soon'], '--timeout takes milliseconds from 100 to 600000'],
    ['a certificate that is not there', ['--ca', '/no/such/file'], 'ENOENT'],
  ])('refuses %s with 2', async (_what, args, why) => {
    const { code, out, err } = await doctor(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^kaon-doctor: .*\nTry kaon-doctor --help\.\n$/);
    expect(err).toContain(why);
  });

  it.each([
    ['{', 'JSON'],
    ['{}', 'has no iceServers'],
    ['{"iceServers":[{"url":"stun:127.0.0.1"}]}', 'has a server without urls'],
    ['{"iceServers":[{"urls":"stun:"}]}', 'stun:'],
    ['[{"urls":["stun:127.0.0.1","turn:127.0.0.1"],"username":"u"}]', 'turn:127.0.0.1 needs username and credential'],
  ])('refuses the configuration %s with 2', async (text, why) => {
    const { code, err } = await doctor('--config', file(text));
    expect(code).toBe(2);
    expect(err).toContain(why);
  });

  it('with all that works ends by itself with 0 and a line for each, by TLS and DTLS with --ca', async () => {
    const server = await turnServer();
    const urls = CARRIERS.map((carrier) => urlOf(server, carrier));
    const stun = await stunServer();
    const { code, out, err } = await asProcess(...USER, '--ca', file(certificate), stun, ...urls);
    expect([code, err]).toEqual([0, '']);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^route {3}over {3}family {3}works {3}ms {6}address +server$/);
    for (const url of [stun, ...urls]) {
      const line = lines.find((one) => one.includes(url));
      expect(line).toMatch(/^(?:srflx|relay) .*\byes\b/);
    }
    expect(lines.filter((line) => line.startsWith('relay'))).toHaveLength(4);
  });

  it('ends by itself with 1 when nothing is there', async () => {
    const { code, out, err } = await asProcess('--timeout', '300', await nobody());
    expect([code, err]).toEqual([1, '']);
    expect(out).toMatch(/^srflx .*\bno\b/m);
    expect(out).toContain('No server answers over UDP');
  });

  it('does not trust a certificate without --ca or --insecure', async () => {
    const url = urlOf(await turnServer(), 'tls');
    const strict = await doctor(...USER, url);
    expect(strict.code).toBe(1);
    expect(strict.out).toMatch(/^relay {3}tls .*\bno\b.*701/m);
    expect((await doctor(...USER, '--insecure', url)).code).toBe(0);
  });

  it('says that a password is wrong', async () => {
    const { code, out } = await doctor('-u', 'u', '-c', 'q', urlOf(await turnServer(), 'udp'));
    expect(code).toBe(1);
    expect(out).toMatch(/^relay {3}udp .*\bno\b.*401/m);
  });

  it('takes servers from a file, and gives JSON', async () => {
    const server = await turnServer();
    const config = { iceServers: [{ urls: urlOf(server, 'tcp'), username: 'u', credential: 'p' }] };
    const { code, out } = await doctor(
      '--json',
      '--config',
      file(JSON.stringify(config)),
      '--nat',
      await behaviorServer(),
    );
    expect(code).toBe(0);
    const diagnosis = JSON.parse(out);
    expect(Object.keys(diagnosis)).toEqual(['interfaces', 'findings', 'nat', 'advice']);
    expect(diagnosis.findings.at(-1)).toMatchObject({ route: 'relay', transport: 'tcp', works: true });
    expect(diagnosis.nat).toMatchObject({ mapping: 'none', filtering: 'endpoint-independent' });
  });

  it('tells how the NAT behaves, and why it does not know', async () => {
    const known = await doctor('--nat', await behaviorServer());
    expect(known.out).toContain('There is no NAT.\nFiltering: endpoint-independent.\n');
    const unknown = await doctor('--nat', await stunServer());
    expect(unknown.code).toBe(1);
    expect(unknown.out).toContain('How the NAT behaves was not found out by stun:');
  });
});
