/**
 * Two hosts, each behind a router of its own, and an internet with the servers between them: five network namespaces.
 *
 *     host-a ── nat-a ── wan ── nat-b ── host-b
 *
 * Nothing gets out of them. They are removed with all that runs in them, also on signals, and what a run that was killed
 * left behind is removed by the next one.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type FirewallKind, firewallRules, type NatKind, natRules } from './nat-kind.ts';

const PREFIX = 'kaon-nat-';
const PLACES = ['wan', 'nat-a', 'nat-b', 'host-a', 'host-b'] as const;

export type Place = (typeof PLACES)[number];
export type SiteName = 'a' | 'b';
export type Family = 'IPv4' | 'IPv6';

/** The addresses of a host and its router. */
export interface Site {
  readonly inner: string;
  readonly innerNetwork: string;
  readonly outer: string;
}

/** The servers: Kaon's, and coturn, which has a second address to answer from (RFC 5780). Chromium knows no other names. */
export const SERVERS = {
  kaon: { IPv4: '10.99.0.1', IPv6: 'fd99::1', name: 'turn.test' },
  coturn: { IPv4: '10.99.0.2', IPv6: 'fd99::2', name: 'coturn.turn.test' },
} as const;
export const COTURN_SECOND = '10.99.0.3';

const SITES: Readonly<Record<SiteName, Site & { readonly number: number }>> = {
  a: { number: 1, inner: '10.99.1.2', innerNetwork: '10.99.1.0/24', outer: '10.99.11.2' },
  b: { number: 2, inner: '10.99.2.2', innerNetwork: '10.99.2.0/24', outer: '10.99.12.2' },
};

export class World {
  readonly #id = `${PREFIX}${process.pid}-`;

  /** Makes it. Throws, with nothing left, when it cannot: it needs root, iproute2 and nftables. */
  static create(): World {
    removeStale();
    const world = new World();
    try {
      world.#create();
    } catch (error) {
      world.remove();
      throw error;
    }
    return world;
  }

  /** The command line that runs a program there. */
  at(place: Place, ...command: readonly string[]): [string, ...string[]] {
    return ['ip', 'netns', 'exec', this.#name(place), ...command];
  }

  /** Gives the hosts addresses of this family alone. */
  use(family: Family): void {
    for (const [name, { number, inner }] of Object.entries(SITES)) {
      const host = this.#name(`host-${name as SiteName}`);
      ip('-n', host, 'addr', 'flush', 'dev', 'lan');
      const off = family === 'IPv6' ? 0 : 1;
      this.#sysctl(
        `host-${name as SiteName}`,
        'net.ipv6.conf.lan.accept_dad=0',
        `net.ipv6.conf.lan.disable_ipv6=${off}`,
      );
      if (family === 'IPv4') {
        ip('-n', host, 'addr', 'add', `${inner}/24`, 'dev', 'lan');
        ip('-n', host, 'route', 'replace', 'default', 'via', `10.99.${number}.1`);
      } else {
        ip('-n', host, 'addr', 'add', `fd99:${number}::2/64`, 'dev', 'lan', 'nodad');
        ip('-n', host, '-6', 'route', 'replace', 'default', 'via', `fd99:${number}::1`);
      }
    }
  }

  /** What the site's router does from now on; it forgets what it knew. */
  setNat(site: SiteName, kind: NatKind): void {
    this.#rules(site, natRules(kind, SITES[site]));
  }

  setFirewall(site: SiteName, kind: FirewallKind): void {
    this.#rules(site, firewallRules(kind));
  }

  /** Removes all, and ends what runs in it. Idempotent. */
  remove(): void {
    for (const place of PLACES) removeNamespace(this.#name(place));
  }

  #create(): void {
    const names = Object.values(SERVERS).map(({ IPv4, name }) => `${IPv4} ${name}`);
    for (const place of PLACES) {
      const name = this.#name(place);
      // Names: the machine's own, for which Firefox waits otherwise; every other one fails at once.
      mkdirSync(`/etc/netns/${name}`, { recursive: true });
      writeFileSync(`/etc/netns/${name}/hosts`, `127.0.0.1 localhost ${hostname()}\n${names.join('\n')}\n`);
      writeFileSync(`/etc/netns/${name}/resolv.conf`, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
      ip('netns', 'add', name);
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
    for (const place of ['wan', 'nat-a', 'nat-b'] as const) {
      this.#sysctl(place, 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
    }
    const wan = this.#name('wan');
    for (const { IPv4, IPv6 } of Object.values(SERVERS)) {
      ip('-n', wan, 'addr', 'add', `${IPv4}/32`, 'dev', 'lo');
      ip('-n', wan, 'addr', 'add', `${IPv6}/128`, 'dev', 'lo', 'nodad');
    }
    ip('-n', wan, 'addr', 'add', `${COTURN_SECOND}/32`, 'dev', 'lo');
    for (const [name, { number: n, innerNetwork, outer }] of Object.entries(SITES)) {
      const [nat, host] = [this.#name(`nat-${name as SiteName}`), this.#name(`host-${name as SiteName}`)];
      ip('-n', wan, 'link', 'add', `to-${name}`, 'type', 'veth', 'peer', 'name', 'wan', 'netns', nat);
      ip('-n', nat, 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'lan', 'netns', host);
      for (const [at, device, v4, v6] of [
        [wan, `to-${name}`, `10.99.1${n}.1/24`, `fd99:1${n}::1/64`],
        [nat, 'wan', `${outer}/24`, `fd99:1${n}::2/64`],
        [nat, 'lan', `10.99.${n}.1/24`, `fd99:${n}::1/64`],
      ] as const) {
        ip('-n', at, 'link', 'set', device, 'up');
        ip('-n', at, 'addr', 'add', v4, 'dev', device);
        ip('-n', at, 'addr', 'add', v6, 'dev', device, 'nodad');
      }
      ip('-n', host, 'link', 'set', 'lan', 'up');
      ip('-n', nat, 'route', 'add', 'default', 'via', `10.99.1${n}.1`);
      ip('-n', nat, '-6', 'route', 'add', 'default', 'via', `fd99:1${n}::1`);
      ip('-n', wan, 'route', 'add', innerNetwork, 'via', outer);
      ip('-n', wan, '-6', 'route', 'add', `fd99:${n}::/64`, 'via', `fd99:1${n}::2`);
    }
    this.use('IPv4');
  }

  #name(place: Place): string {
    return `${this.#id}${place}`;
  }

  #rules(site: SiteName, rules: string): void {
    const [program, ...args] = this.at(`nat-${site}`, 'nft', '-f', '-');
    check(spawnSync(program, args, { encoding: 'utf8', input: rules }), 'nft');
  }

  #sysctl(place: Place, ...settings: readonly string[]): void {
    const [program, ...args] = this.at(place, 'sysctl', '-qw', ...settings);
    check(spawnSync(program, args, { encoding: 'utf8' }), 'sysctl');
  }
}

function removeStale(): void {
  let names: string[] = [];
  try {
    names = readdirSync('/etc/netns');
  } catch {
    // No namespace was ever made here.
  }
  for (const name of names) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    if (pid > 0 && !isAlive(pid)) removeNamespace(name);
  }
}

function removeNamespace(name: string): void {
  const { stdout } = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' });
  for (const pid of (stdout ?? '').split('\n').map(Number)) {
    if (pid > 0) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
  }
  spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function ip(...args: readonly string[]): void {
  check(spawnSync('ip', args, { encoding: 'utf8' }), `ip ${args.join(' ')}`);
}

function check({ error, status, stderr }: SpawnSyncReturns<string>, what: string): void {
  if (error !== undefined)
    throw new Error(`${what}: ${error.message}; interop/install.sh installs iproute2 and nftables`);
  if (status !== 0) throw new Error(`${what}: ${stderr.trim()}; network namespaces need root`);
}
