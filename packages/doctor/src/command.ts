import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { NatBehavior } from '@kaon/stun';
import { parseUri } from '@kaon/stun';
import type { RTCIceServer } from '@kaon/webrtc';
import { type Diagnosis, diagnose, type Finding } from './diagnose.ts';

/** Where text goes. */
interface Output {
  write(text: string): unknown;
}

/** Runs the command. Gives the exit code: 0 all works, 1 something does not, 2 the command line is wrong. */
export async function main(args: readonly string[], out: Output, err: Output): Promise<0 | 1 | 2> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    err.write(`kaon-doctor: ${(error as Error).message}\nTry kaon-doctor --help.\n`);
    return 2;
  }
  if (options.help) {
    out.write(HELP);
    return 0;
  }
  const { json, iceServers, natServer, timeout, relay } = options;
  if (!json) out.write(`${line(HEADINGS)}\n`);
  const diagnosis = await diagnose({
    iceServers,
    natServer,
    timeout,
    relay,
    onFinding: (finding) => {
      if (!json) out.write(`${line(cells(finding))}\n`);
    },
  });
  out.write(json ? `${JSON.stringify(diagnosis, jsonValue, 2)}\n` : summary(diagnosis, natServer));
  // A family that this machine does not have is no fault of its network.
  const routes = diagnosis.findings.filter(({ route }) => route !== 'host');
  const hosts = diagnosis.findings.filter(({ route }) => route === 'host');
  const works = hosts.some((one) => one.works) && routes.every((one) => one.works) && diagnosis.natError === undefined;
  return works ? 0 : 1;
}

interface Options {
  readonly help: boolean;
  readonly json: boolean;
  readonly iceServers: readonly RTCIceServer[];
  readonly natServer: string | undefined;
  readonly timeout: number | undefined;
  readonly relay: { readonly tls: { readonly verify: boolean; readonly trustedCertificates?: readonly string[] } };
}

/** Throws Error with a sentence for the user. */
function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      json: { type: 'boolean' },
      username: { type: 'string', short: 'u' },
      credential: { type: 'string', short: 'c' },
      nat: { type: 'string' },
      timeout: { type: 'string' },
      config: { type: 'string' },
      ca: { type: 'string', multiple: true },
      insecure: { type: 'boolean' },
    },
  });
  const { username, credential, nat } = values;
  for (const url of positionals) {
    if (isTurn(url) && (username === undefined || credential === undefined))
      throw new Error(`${url} needs --username and --credential`);
  }
  if (nat !== undefined && parseUri(nat).scheme !== 'stun') throw new Error(`--nat takes a stun: server, not ${nat}`);
  const named: RTCIceServer[] = positionals.map((url) => ({
    urls: url,
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
  }));
  const timeout = values.timeout === undefined ? undefined : Number(values.timeout);
  if (timeout !== undefined && !(timeout >= 100 && timeout <= 600_000))
    throw new Error('--timeout takes milliseconds from 100 to 600000');
  const trustedCertificates = values.ca?.map((path) => readFileSync(path, 'utf8'));
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    iceServers: [...named, ...(values.config === undefined ? [] : readConfig(values.config))],
    natServer: nat,
    timeout,
    relay: { tls: { verify: !values.insecure, ...(trustedCertificates === undefined ? {} : { trustedCertificates }) } },
  };
}

function readConfig(path: string): readonly RTCIceServer[] {
  const config: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const servers = Array.isArray(config) ? config : (config as { iceServers?: unknown } | null)?.iceServers;
  if (!Array.isArray(servers)) throw new Error(`${path} has no iceServers`);
  for (const { urls, username, credential } of servers as readonly Partial<RTCIceServer>[]) {
    if (urls === undefined) throw new Error(`${path} has a server without urls`);
    for (const url of typeof urls === 'string' ? [urls] : urls) {
      if (isTurn(url) && (username === undefined || credential === undefined))
        throw new Error(`${url} needs username and credential in ${path}`);
    }
  }
  return servers;
}

/** Throws `StunError` on what is no URL of a server. */
function isTurn(url: string): boolean {
  return parseUri(url).scheme.startsWith('turn');
}

const HEADINGS = ['route', 'over', 'family', 'works', 'ms', 'address', 'server'];
const WIDTHS = [6, 5, 7, 6, 6, 28, 0];

function cells({ route, transport, family, works, time, address, url, why }: Finding): readonly string[] {
  const note = [url, why].filter((part) => part !== undefined).join(': ');
  return [
    route,
    transport,
    family ?? '',
    works ? 'yes' : 'no',
    time === undefined ? '' : time.toFixed(0),
    address ?? '',
    note,
  ];
}

function line(values: readonly string[]): string {
  return values
    .map((value, index) => value.padEnd(WIDTHS[index] ?? 0))
    .join('  ')
    .trimEnd();
}

function summary({ nat, natError, advice }: Diagnosis, natServer: string | undefined): string {
  const lines = ['', ...advice];
  if (natError !== undefined) lines.push(`How the NAT behaves was not found out by ${natServer}: ${natError}`);
  if (nat !== undefined) lines.push(...natLines(nat));
  return `${lines.join('\n')}\n`;
}

function natLines({ mapping, filtering, hairpinning, lifetime }: NatBehavior): readonly string[] {
  const lines = [mapping === 'none' ? 'There is no NAT.' : `NAT: ${mapping} mapping.`, `Filtering: ${filtering}.`];
  if (hairpinning !== undefined) lines.push(`Hairpinning: ${hairpinning ? 'yes' : 'no'}.`);
  if (lifetime !== undefined) lines.push(`An idle mapping lives ${lifetime.atLeast} to ${lifetime.lessThan} ms.`);
  return lines;
}

/** `Infinity` is no JSON. */
function jsonValue(_key: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? null : value;
}

const HELP = `kaon-doctor [options] [stun:… | turn:… | turns:…]...

Says which routes work from here: between two connections on this machine (host), by the address
that a STUN server sees (srflx), and through a TURN server over UDP, TCP, TLS and DTLS (relay).
Nothing is contacted but the servers that you name.

  -u, --username NAME    for TURN servers
  -c, --credential TEXT  for TURN servers
      --config FILE      JSON with iceServers as RTCPeerConnection takes them
      --nat URL          a stun: server with two addresses (RFC 5780): how the NAT behaves
      --ca FILE          trust this certificate (PEM) of turns: servers; may be repeated
      --insecure         trust any certificate
      --timeout MS       for each try, default 10000
      --json             for programs
  -h, --help             this text

Exits with 0 when all of it works, 1 when something does not, 2 on a wrong command line.
`;
