import { networkInterfaces } from 'node:os';
import type { InterfaceAddress } from '@kaon/interface/network/v1';

/** Asking the platform takes longer than binding a socket, and every connection asks. In ms. */
const KEPT_FOR = 100;

let kept: readonly InterfaceAddress[] = [];
let keptUntil = Number.NEGATIVE_INFINITY;

/** The addresses of all interfaces that are up, as of a moment ago; link-local IPv6 addresses carry their zone. */
export function interfaces(): readonly InterfaceAddress[] {
  const now = performance.now();
  if (now >= keptUntil) {
    kept = readInterfaces();
    keptUntil = now + KEPT_FOR;
  }
  return kept;
}

function readInterfaces(): readonly InterfaceAddress[] {
  const found: InterfaceAddress[] = [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { address, family, internal, ...rest } of addresses ?? []) {
      const zoned = family === 'IPv6' && isLinkLocal(address) ? `${address}%${zone(name, rest)}` : address;
      found.push({ name, address: zoned, family, internal, type: interfaceType(name, internal, process.platform) });
    }
  }
  return found;
}

/** The kind of network as far as the name of an interface tells it on `platform` (a value of `process.platform`). */
export function interfaceType(
  name: string,
  internal: boolean,
  platform: string,
): NonNullable<InterfaceAddress['type']> {
  if (internal) return 'loopback';
  if (/^(tun|tap|utun|wg|ppp|ipsec|tailscale)\d*/.test(name)) return 'vpn';
  // Elsewhere the names say too little: en0 of macOS is often wireless.
  if (platform !== 'linux' && platform !== 'android') return 'unknown';
  if (/^(wl|wifi)/.test(name)) return 'wifi';
  if (/^(ww|rmnet|ccmni)/.test(name)) return 'cellular';
  return /^(eth|en)/.test(name) ? 'ethernet' : 'unknown';
}

function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address) && !address.includes('%');
}

/** Windows names zones by number. */
function zone(name: string, details: { scopeid?: number }): string {
  return process.platform === 'win32' && details.scopeid !== undefined ? String(details.scopeid) : name;
}
