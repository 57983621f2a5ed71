import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, Network } from '@kaon/interface/network/v1';
import { run } from '@kaon/runtime';
import { BindingClient, type BindingClientEvent, parseUri } from '@kaon/stun';
import { addressFamily, formatAddress, sameAddress, transportAddress } from '@kaon/wire';
import { routeTo } from './addresses.ts';
import type { Finding } from './diagnose.ts';

/** Asks a STUN server for our address, in each family that it has. Never rejects. */
export async function mappedAddresses(
  url: string,
  platform: { readonly network: Network; readonly clock: Clock; readonly crypto: CryptoProvider },
  timeout: number,
): Promise<readonly Finding[]> {
  const { host, port, scheme, transport } = parseUri(url);
  const base = {
    route: 'srflx',
    transport: scheme === 'stuns' ? 'tls' : transport,
    url,
    time: undefined,
    address: undefined,
  } as const;
  const failed = (family: Finding['family'], why: string): Finding => ({ ...base, family, works: false, why });
  if (scheme === 'stuns') return [failed(undefined, 'STUN over TLS gives no candidates')];
  let addresses: readonly string[];
  try {
    addresses = await platform.network.resolve(host);
  } catch {
    return [failed(undefined, `the name ${host} was not found`)];
  }
  const findings: Finding[] = [];
  for (const family of ['IPv4', 'IPv6'] as const) {
    const address = addresses.find((one) => addressFamily(one) === family);
    if (address === undefined) continue;
    const server = transportAddress(address, port);
    const from = routeTo(platform.network, server);
    if (from === undefined) findings.push(failed(family, `nothing here leads to ${address}`));
    else findings.push({ ...base, family, ...(await ask(server, from.address, platform, timeout)) });
  }
  return findings;
}

async function ask(
  server: ReturnType<typeof transportAddress>,
  from: string,
  { network, clock, crypto }: { readonly network: Network; readonly clock: Clock; readonly crypto: CryptoProvider },
  timeout: number,
): Promise<Pick<Finding, 'works' | 'time' | 'address' | 'why'>> {
  const nothing = { time: undefined, address: undefined };
  try {
    const socket = await network.bindUdp({ address: from });
    try {
      // Sent after 0, 1, 3 and 7 of 8 parts of the time.
      const core = new BindingClient({
        local: socket.local,
        server,
        random: crypto.random,
        now: clock.now(),
        rto: timeout / 8,
        rc: 4,
        rm: 1,
      });
      const event = await new Promise<BindingClientEvent>((resolve) => {
        const driver = run(core, {
          clock,
          sockets: [socket],
          onEvent: (outcome) => {
            driver.stop();
            resolve(outcome);
          },
        });
      });
      if (event.type === 'failed') return { ...nothing, works: false, why: event.error.message };
      const why = sameAddress(event.address, socket.local) ? 'no NAT: this is our own address' : undefined;
      return { works: true, time: event.rtt, address: formatAddress(event.address), why };
    } finally {
      socket.close();
    }
  } catch (error) {
    return { ...nothing, works: false, why: error instanceof Error ? error.message : String(error) };
  }
}
