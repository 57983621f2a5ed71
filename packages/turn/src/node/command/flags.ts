/** One flag of `kaon-turn`. Its long name is also its name in the configuration file. */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly kind: 'text' | 'number' | 'switch';
  /** May be given several times; a list in the configuration file. */
  readonly multiple?: boolean;
  /** Name of the value in the help. */
  readonly value?: string;
  /** Least and greatest number. */
  readonly range?: readonly [least: number, greatest: number];
  readonly help: string;
}

/** Flags under a headline of the help. */
export interface FlagGroup {
  readonly title: string;
  readonly flags: readonly Flag[];
}

const PORT = [0, 65535] as const;
const COUNT = [0, Number.MAX_SAFE_INTEGER] as const;
const SOME = [1, Number.MAX_SAFE_INTEGER] as const;

/** All flags. Where coturn has a flag for the same thing, the name is the same. */
export const FLAGS: readonly FlagGroup[] = [
  {
    title: 'Listening',
    flags: [
      text('listening-ip', 'ADDRESS', 'address to listen on; default: every address of this machine', {
        short: 'L',
        multiple: true,
      }),
      number('listening-port', 'PORT', PORT, 'port for UDP and TCP; default 3478, 0 for any', { short: 'p' }),
      number('tls-listening-port', 'PORT', PORT, 'port for TLS and DTLS; default 5349, 0 for any'),
      text('cert', 'FILE', 'certificate chain in PEM, leaf first; opens the TLS and DTLS listeners'),
      text('pkey', 'FILE', 'private key in PEM (PKCS #8)'),
      flag('no-udp', 'no UDP listeners'),
      flag('no-tcp', 'no TCP listeners'),
      flag('no-tls', 'no TLS listeners'),
      flag('no-dtls', 'no DTLS listeners'),
      number('workers', 'N', [1, 256], 'threads that share the ports; default 1. Quotas are for each of them', {
        short: 'm',
      }),
    ],
  },
  {
    title: 'Relaying',
    flags: [
      text(
        'relay-ip',
        'ADDRESS',
        'address to relay from, at most one of each family; default: the first that is listened on',
        { short: 'E', multiple: true },
      ),
      text(
        'external-ip',
        'PUBLIC[/LOCAL]',
        'address that peers see where 1:1 NAT is in front, at most one of each family',
        { short: 'X', multiple: true },
      ),
      number('min-port', 'PORT', [1, 65535], 'lowest port to relay from; default 49152'),
      number('max-port', 'PORT', [1, 65535], 'highest port to relay from; default 65535'),
      text(
        'allowed-peer-ip',
        'RANGE',
        'peers that may be reached although a default or another range denies them: an address, A-B or A/BITS',
        { multiple: true },
      ),
      text('denied-peer-ip', 'RANGE', 'peers that must not be reached', { multiple: true }),
      flag('allow-loopback-peers', 'allow peers in 127.0.0.0/8 and at ::1; for tests on one machine'),
      flag('tcp-relay', 'relay TCP too (RFC 6062); with one worker'),
      flag('mobility', 'let allocations follow clients to another address (RFC 8016); with one worker'),
      flag('no-stun', 'do not answer Binding requests'),
      text('alternate-server', 'ADDRESS:PORT', 'send clients on to this server; of several, one after the other', {
        multiple: true,
      }),
    ],
  },
  {
    title: 'Users',
    flags: [
      text('realm', 'NAME', 'realm of the users, usually the domain; required', { short: 'r' }),
      text('user', 'NAME:PASSWORD', 'a user; who may list processes sees the password, unlike that in a file', {
        short: 'u',
        multiple: true,
      }),
      text('userdb', 'FILE', 'users in JSON, {"name": "password"}; read again on SIGHUP', { short: 'b' }),
      text('static-auth-secret', 'SECRET', 'secret of time-limited credentials; of several, each is good', {
        multiple: true,
      }),
      text('static-auth-secret-file', 'FILE', 'such secrets, one a line; read again on SIGHUP'),
      text('oauth-keys', 'FILE', 'keys shared with an authorization server (RFC 7635) in JSON, {"kid": "base64"}'),
      text('server-name', 'NAME', 'what its tokens call this server; default: the realm'),
      number('stale-nonce', 'SECONDS', SOME, 'how long a nonce is good; default 600'),
      number('max-allocate-lifetime', 'SECONDS', SOME, 'longest time between refreshes; default 3600'),
    ],
  },
  {
    title: 'Limits',
    flags: [
      number('total-quota', 'N', SOME, 'allocations altogether', { short: 'Q' }),
      number('user-quota', 'N', SOME, 'allocations of one user', { short: 'q' }),
      number('address-quota', 'N', SOME, 'allocations of one client address (IPv6: one /64)'),
      number('max-bps', 'BYTES', SOME, 'bytes per second of one allocation, each way', { short: 's' }),
      number('user-max-bps', 'BYTES', SOME, 'bytes per second of all allocations of a user, each way'),
      number('max-permissions', 'N', SOME, 'addresses of peers of one allocation; default 128'),
      number('max-channels', 'N', SOME, 'channels, or TCP connections, of one allocation; default 128'),
      text(
        'small-requests',
        'ANSWER',
        'to UDP requests without credentials that are shorter than the answer: shortest (default), full or nothing',
      ),
      number('small-answers', 'N', SOME, 'such answers for one address (IPv6: one /64) a second; default 50'),
      number('max-connections', 'N', SOME, 'TCP, TLS and DTLS connections at the same time; default 10000'),
      number('max-connections-per-address', 'N', SOME, 'of them from one client address (IPv6: one /64); default 1000'),
      number('idle-timeout', 'SECONDS', SOME, 'how long one may be silent without allocation; default 60'),
    ],
  },
  {
    title: 'Running',
    flags: [
      text('config', 'FILE', 'configuration in JSON: the names of these flags without dashes in front; flags win', {
        short: 'c',
      }),
      number('drain-timeout', 'SECONDS', COUNT, 'how long SIGTERM and SIGINT wait for allocations to end; default 30'),
      flag('prometheus', 'metrics at /metrics and health at /health over HTTP'),
      text('prometheus-address', 'ADDRESS', 'where; default 127.0.0.1'),
      number('prometheus-port', 'PORT', PORT, 'port; default 9641, 0 for any'),
      text('pidfile', 'FILE', 'write the process id there, and remove it at the end'),
      flag('no-software-attribute', 'do not name this software to clients'),
      flag('verbose', 'a line for each allocation that begins or ends', { short: 'v' }),
      flag('help', 'this text', { short: 'h' }),
      flag('version', 'the version'),
    ],
  },
];

/** All flags by name. */
export const FLAG_BY_NAME: ReadonlyMap<string, Flag> = new Map(
  FLAGS.flatMap(({ flags }) => flags.map((one) => [one.name, one] as const)),
);

/** The text of `--help`. */
export function helpText(): string {
  const lines = [
    'kaon-turn: a TURN and STUN server (RFC 8656, RFC 8489)',
    '',
    'Usage: kaon-turn --realm NAME [options]',
    '',
  ];
  for (const { title, flags } of FLAGS) {
    lines.push(`${title}:`);
    for (const one of flags) lines.push(...helpOf(one));
    lines.push('');
  }
  lines.push('SIGTERM and SIGINT: take no new clients, wait, end; a second one ends at once.');
  lines.push('SIGHUP: read certificate, users and secrets again.');
  return `${lines.join('\n')}\n`;
}

const COLUMN = 38;
const WIDTH = 100;

function helpOf({ name, short, value, help, multiple }: Flag): string[] {
  const head = `  ${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
  const words = `${help}${multiple === true ? ' (several times)' : ''}`.split(' ');
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && COLUMN + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  const first = head.length < COLUMN - 1 ? [head.padEnd(COLUMN) + lines.shift()] : [head];
  return [...first, ...lines.map((one) => ' '.repeat(COLUMN) + one)];
}

type Extra = Pick<Flag, 'short' | 'multiple'>;

function text(name: string, value: string, help: string, extra: Extra = {}): Flag {
  return { name, kind: 'text', value, help, ...extra };
}

function number(name: string, value: string, range: readonly [number, number], help: string, extra: Extra = {}): Flag {
  return { name, kind: 'number', value, range, help, ...extra };
}

function flag(name: string, help: string, extra: Extra = {}): Flag {
  return { name, kind: 'switch', help, ...extra };
}
