import { readFileSync } from 'node:fs';
import { addressFamily } from '@kaon/wire';
import type { OAuthOptions } from '../../server/index.ts';
import type { ListenerOptions, TurnServerSettings } from '../options.ts';
import { FLAG_BY_NAME } from './flags.ts';
import { parseConfig, parseFlags, parseTexts, UsageError, type Values } from './values.ts';

/** What a command line, with the files it names, comes to. */
export interface CommandSettings {
  readonly server: TurnServerSettings;
  readonly workers: number;
  readonly metrics: { readonly address: string; readonly port: number } | undefined;
  /** Milliseconds. */
  readonly drainTimeout: number;
  readonly pidfile: string | undefined;
  readonly verbose: boolean;
}

/** The values of a command line; those of its `--config` file stand where the line says nothing. Throws `UsageError`. */
export function readValues(args: readonly string[]): Values {
  const given = parseFlags(args);
  const file = given.get('config');
  if (typeof file !== 'string') return given;
  return new Map([...parseConfig(readText(file, 'config'), file), ...given]);
}

/** Reads the files that `values` name, and checks that all of it fits together. Throws `UsageError`. */
export function readSettings(values: Values): CommandSettings {
  const text = (name: string): string | undefined => values.get(name) as string | undefined;
  const number = (name: string): number | undefined => values.get(name) as number | undefined;
  const list = (name: string): readonly string[] => (values.get(name) as readonly string[] | undefined) ?? [];
  const is = (name: string): boolean => values.get(name) === true;
  const seconds = (name: string): number | undefined => scaled(number(name), 1000);

  const realm = text('realm');
  if (realm === undefined)
    throw new UsageError('--realm NAME is missing: the domain of this server, such as example.org');
  const users = usersOf(list('user'), text('userdb'));
  const secrets = secretsOf(list('static-auth-secret'), text('static-auth-secret-file'));
  const keys = text('oauth-keys');
  if (Object.keys(users).length === 0 && secrets.length === 0 && keys === undefined) {
    throw new UsageError('nobody could use this server: give --user, --userdb, --static-auth-secret or --oauth-keys');
  }
  const [min, max] = [number('min-port') ?? 49152, number('max-port') ?? 65535];
  if (min > max) throw new UsageError(`--min-port ${min} is above --max-port ${max}`);
  for (const address of list('relay-ip')) numeric(address, '--relay-ip');

  const server: TurnServerSettings = {
    realm,
    users,
    secrets,
    listeners: listenersOf(values),
    relayPorts: [min, max],
    relayAddresses: list('relay-ip'),
    externalAddresses: list('external-ip').map(externalAddress),
    allowedPeers: [...list('allowed-peer-ip'), ...(is('allow-loopback-peers') ? ['127.0.0.0/8', '::1'] : [])],
    deniedPeers: list('denied-peer-ip'),
    tcpRelay: is('tcp-relay'),
    mobility: is('mobility'),
    stunBinding: !is('no-stun'),
    alternateServers: list('alternate-server').map(addressAndPort),
    announceSoftware: !is('no-software-attribute'),
    ...(keys === undefined ? {} : { oauth: oauthOf(keys, text('server-name') ?? realm) }),
    ...defined('smallRequests', smallRequestsOf(text('small-requests'))),
    ...defined('smallAnswersPerSecond', number('small-answers')),
    ...defined('nonceLifetime', seconds('stale-nonce')),
    ...defined('maxLifetime', seconds('max-allocate-lifetime')),
    ...defined('maxAllocations', number('total-quota')),
    ...defined('maxAllocationsPerUser', number('user-quota')),
    ...defined('maxAllocationsPerAddress', number('address-quota')),
    ...defined('maxPermissions', number('max-permissions')),
    ...defined('maxChannels', number('max-channels')),
    ...defined('allocationBandwidth', number('max-bps')),
    ...defined('userBandwidth', number('user-max-bps')),
    ...defined('maxConnections', number('max-connections')),
    ...defined('maxConnectionsPerAddress', number('max-connections-per-address')),
    ...defined('idleTimeout', seconds('idle-timeout')),
  };
  return {
    server,
    workers: number('workers') ?? 1,
    metrics: is('prometheus')
      ? { address: text('prometheus-address') ?? '127.0.0.1', port: number('prometheus-port') ?? 9641 }
      : undefined,
    drainTimeout: seconds('drain-timeout') ?? 30_000,
    pidfile: text('pidfile'),
    verbose: is('verbose'),
  };
}

function listenersOf(values: Values): readonly ListenerOptions[] {
  const is = (name: string): boolean => values.get(name) === true;
  const port = (values.get('listening-port') as number | undefined) ?? 3478;
  const tlsPort = (values.get('tls-listening-port') as number | undefined) ?? 5349;
  const addresses = (values.get('listening-ip') as readonly string[] | undefined) ?? [undefined];
  const [cert, pkey] = [values.get('cert') as string | undefined, values.get('pkey') as string | undefined];
  if ((cert === undefined) !== (pkey === undefined)) throw new UsageError('--cert and --pkey go together');
  const certificate = cert === undefined ? undefined : readText(cert, 'cert');
  const privateKey = pkey === undefined ? undefined : readText(pkey, 'pkey');
  const listeners: ListenerOptions[] = [];
  for (const address of addresses) {
    if (address !== undefined) numeric(address, '--listening-ip');
    const at = address === undefined ? {} : { address };
    if (!is('no-udp')) listeners.push({ protocol: 'udp', ...at, port });
    if (!is('no-tcp')) listeners.push({ protocol: 'tcp', ...at, port });
    if (certificate === undefined || privateKey === undefined) continue;
    if (!is('no-tls')) listeners.push({ protocol: 'tls', ...at, port: tlsPort, certificate, privateKey });
    if (!is('no-dtls')) listeners.push({ protocol: 'dtls', ...at, port: tlsPort, certificate, privateKey });
  }
  if (listeners.length === 0) throw new UsageError('nothing is left to listen on');
  return listeners;
}

function usersOf(given: readonly string[], file: string | undefined): Readonly<Record<string, string>> {
  const users: Record<string, string> =
    file === undefined ? {} : { ...parseTexts(readText(file, 'userdb'), file, 'password') };
  for (const entry of given) {
    const colon = entry.indexOf(':');
    if (colon < 1) throw new UsageError(`--user must be NAME:PASSWORD, not "${entry}"`);
    users[entry.slice(0, colon)] = entry.slice(colon + 1);
  }
  return users;
}

function secretsOf(given: readonly string[], file: string | undefined): readonly string[] {
  if (file === undefined) return given;
  const lines = readText(file, 'static-auth-secret-file').split('\n');
  return [...given, ...lines.map((line) => line.trim()).filter((line) => line !== '')];
}

/** RFC 7635 §4.1: 16 or 32 bytes each, in base64. */
function oauthOf(file: string, serverName: string): OAuthOptions {
  const keys = Object.entries(parseTexts(readText(file, 'oauth-keys'), file, 'key')).map(([kid, text]) => {
    const key = new Uint8Array(Buffer.from(text, 'base64'));
    if (key.length !== 16 && key.length !== 32) {
      throw new UsageError(`${file}: the key "${kid}" must be 16 or 32 bytes in base64`);
    }
    return { kid, key };
  });
  return { serverName, keys };
}

function smallRequestsOf(text: string | undefined): TurnServerSettings['smallRequests'] {
  if (text === undefined || text === 'shortest' || text === 'full' || text === 'nothing') return text;
  throw new UsageError(`--small-requests must be shortest, full or nothing, not "${text}"`);
}

/** coturn's form, `PUBLIC/LOCAL`, is understood: there is one local address of each family, so the second part only has to fit. */
function externalAddress(text: string): string {
  const [external = '', local, ...more] = text.split('/');
  numeric(external, '--external-ip');
  if (local !== undefined) numeric(local, '--external-ip');
  if (more.length > 0 || (local !== undefined && addressFamily(external) !== addressFamily(local))) {
    throw new UsageError(`--external-ip must be PUBLIC or PUBLIC/LOCAL of one family, not "${text}"`);
  }
  return external;
}

function addressAndPort(text: string): { readonly address: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const address = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  if (addressFamily(address) === undefined || !(port > 0 && port < 65536)) {
    throw new UsageError(`--alternate-server must be ADDRESS:PORT or [ADDRESS]:PORT, not "${text}"`);
  }
  return { address, port };
}

function numeric(address: string, where: string): void {
  if (addressFamily(address) === undefined) throw new UsageError(`${where}: "${address}" is not a numeric IP address`);
}

function readText(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const what = FLAG_BY_NAME.get(flag)?.name ?? flag;
    throw new UsageError(`--${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function scaled(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value * by;
}

function defined<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: V });
}
