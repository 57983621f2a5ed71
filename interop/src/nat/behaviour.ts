import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { NatKind } from './nat-kind.ts';
import { SERVERS, type SiteName, type World } from './world.ts';

const DOCTOR = fileURLToPath(new URL('../../../packages/doctor/src/cli.ts', import.meta.url));
/** How long a look at one NAT may take, in milliseconds: what is filtered is known by waiting. */
const LIMIT = 90_000;

/** What each kind is to be found to do, by the words of RFC 5780. */
const EXPECTED: readonly (readonly [NatKind, string])[] = [
  ['none', 'none / endpoint-independent'],
  ['full-cone', 'endpoint-independent / endpoint-independent'],
  ['address-restricted', 'endpoint-independent / address-dependent'],
  ['port-restricted', 'endpoint-independent / address-and-port-dependent'],
  ['symmetric', 'address-and-port-dependent / address-and-port-dependent'],
  ['udp-blocked', 'no answer'],
];

/** A NAT as `kaon-doctor --nat` finds it: mapping / filtering. */
export interface Behaviour {
  readonly kind: NatKind;
  readonly found: string;
  readonly failure: string | undefined;
}

/** Whether the NATs are what they are called, looked at from inside with coturn outside; two at a time. */
export async function checkBehaviour(world: World, report: (behaviour: Behaviour) => void): Promise<void> {
  const left = [...EXPECTED];
  await Promise.all(
    (['a', 'b'] as const).map(async (site) => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const [kind, expected] = next;
        world.setNat(site, kind);
        const found = await look(world, site);
        report({ kind, found, failure: found === expected ? undefined : `expected ${expected}` });
      }
    }),
  );
}

async function look(world: World, site: SiteName): Promise<string> {
  const url = `stun:${SERVERS.coturn.IPv4}:3478`;
  const [program, ...args] = world.at(
    `host-${site}`,
    ...[process.execPath, ...process.execArgv, DOCTOR, '--json', '--nat', url],
  );
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: LIMIT, killSignal: 'SIGKILL' });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  await new Promise((resolve) => child.once('error', resolve).once('close', resolve));
  try {
    const { nat, natError } = JSON.parse(text) as { nat?: { mapping: string; filtering: string }; natError?: string };
    if (nat !== undefined) return `${nat.mapping} / ${nat.filtering}`;
    return natError?.endsWith('did not answer') === true ? 'no answer' : String(natError);
  } catch {
    return 'kaon-doctor said nothing';
  }
}
