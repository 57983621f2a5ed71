import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, InterfaceAddress, Network } from '@kaon/interface/network/v1';
import { nodeClock, nodeCrypto, nodeNetwork } from '@kaon/runtime/node';
import { type NatBehavior, parseUri } from '@kaon/stun';
import type { KaonOptions, RTCIceServer } from '@kaon/webrtc';
import { usableAddresses } from './addresses.ts';
import { connectTwo } from './connect-two.ts';
import { mappedAddresses } from './mapped-address.ts';
import { discoverNatBehavior } from './nat.ts';

/** What `diagnose` takes. */
export interface DiagnoseOptions {
  /** The servers to try, each URL on its own. Nothing else is contacted. Default none. */
  readonly iceServers?: readonly RTCIceServer[] | undefined;
  /** A `stun:` URI of a server that supports RFC 5780, to find out how the NAT behaves. */
  readonly natServer?: string | undefined;
  /** Milliseconds for each try. Default 10,000. */
  readonly timeout?: number | undefined;
  /** How TURN servers are reached. */
  readonly relay?: KaonOptions['relay'];
  /** Told of each finding as it comes. */
  readonly onFinding?: ((finding: Finding) => void) | undefined;
  /** Default: those of the process. */
  readonly network?: Network | undefined;
  readonly clock?: Clock | undefined;
  readonly crypto?: CryptoProvider | undefined;
}

/** One thing that was tried. */
export interface Finding {
  /**
   * `host`: two connections on this machine; `srflx`: a STUN server says what our address is; `relay`: two connections through
   * a TURN server, both relayed.
   */
  readonly route: 'host' | 'srflx' | 'relay';
  /** What is between us and the server. */
  readonly transport: 'udp' | 'tcp' | 'tls' | 'dtls';
  readonly family: 'IPv4' | 'IPv6' | undefined;
  /** Server that was used; undefined for `host`. */
  readonly url: string | undefined;
  readonly works: boolean;
  /** Milliseconds until data came back, or until the server had answered. */
  readonly time: number | undefined;
  /** Our address on this route, `address:port`. */
  readonly address: string | undefined;
  /** Why it does not work, or what is to be said of it. */
  readonly why: string | undefined;
}

/** Everything that was found. */
export interface Diagnosis {
  readonly interfaces: readonly InterfaceAddress[];
  readonly findings: readonly Finding[];
  /** Undefined when it was not asked for or could not be found out; `natError` says why. */
  readonly nat: NatBehavior | undefined;
  readonly natError: string | undefined;
  /** What follows, in sentences. */
  readonly advice: readonly string[];
}

/**
 * Tries every route from here, one after the other. Never rejects for what a network or a server does; rejects with `StunError`
 * (`STUN_URI_SYNTAX`) on a URL that is none, and as `RTCPeerConnection` throws on a TURN server without credentials.
 */
export async function diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const { network = nodeNetwork, clock = nodeClock, crypto = nodeCrypto, timeout = 10_000, relay } = options;
  const platform = { network, clock, crypto };
  const interfaces = usableAddresses(network);
  const findings: Finding[] = [];
  const found = (finding: Finding): void => {
    findings.push(finding);
    options.onFinding?.(finding);
  };
  for (const family of ['IPv4', 'IPv6'] as const) {
    const has = interfaces.some((one) => one.family === family);
    const outcome = has
      ? await connectTwo({ kaon: { ...platform, families: [family], tcpCandidates: [] } }, timeout, clock)
      : { works: false, why: `this machine has no ${family} address` };
    found({
      route: 'host',
      transport: 'udp',
      family,
      url: undefined,
      time: undefined,
      address: undefined,
      why: undefined,
      ...outcome,
    });
  }
  for (const server of options.iceServers ?? []) {
    for (const url of typeof server.urls === 'string' ? [server.urls] : server.urls) {
      const { scheme, transport } = parseUri(url);
      if (scheme === 'stun' || scheme === 'stuns') {
        for (const finding of await mappedAddresses(url, platform, timeout)) found(finding);
        continue;
      }
      const iceServers = [{ ...server, urls: url }];
      const outcome = await connectTwo(
        { iceServers, iceTransportPolicy: 'relay', kaon: { ...platform, relay } },
        timeout,
        clock,
      );
      const carrier = scheme === 'turns' ? (transport === 'udp' ? 'dtls' : 'tls') : transport;
      found({
        route: 'relay',
        transport: carrier,
        family: undefined,
        url,
        time: undefined,
        address: undefined,
        why: undefined,
        ...outcome,
      });
    }
  }
  let nat: NatBehavior | undefined;
  let natError: string | undefined;
  if (options.natServer !== undefined) {
    try {
      nat = await discoverNatBehavior({ server: options.natServer, ...platform });
    } catch (error) {
      natError = error instanceof Error ? error.message : String(error);
    }
  }
  return { interfaces, findings, nat, natError, advice: adviceOf(findings, nat) };
}

/** What a person should make of it. */
function adviceOf(findings: readonly Finding[], nat: NatBehavior | undefined): readonly string[] {
  const advice: string[] = [];
  const of = (route: Finding['route'], ...transports: Finding['transport'][]): readonly Finding[] =>
    findings.filter((one) => one.route === route && (transports.length === 0 || transports.includes(one.transport)));
  const works = (some: readonly Finding[]): boolean => some.some((one) => one.works);
  if (!works(of('host')))
    advice.push('Not even two connections on this machine reach each other: a firewall here drops UDP.');
  const overUdp = [...of('srflx', 'udp'), ...of('relay', 'udp')];
  const overStreams = of('relay', 'tcp', 'tls');
  if (overUdp.length > 0 && !works(overUdp)) {
    advice.push(
      works(overStreams)
        ? 'UDP does not get out of this network, TCP does: calls from here need a TURN server over TCP or TLS.'
        : 'No server answers over UDP: it is blocked, or the servers are down.',
    );
  }
  const relays = of('relay');
  if (relays.length > 0 && !works(relays))
    advice.push('No TURN server works from here: peers behind strict NATs cannot be reached.');
  if (relays.length === 0) advice.push('No TURN server was named: peers behind strict NATs cannot be reached.');
  if (nat?.mapping === 'address-and-port-dependent' || nat?.mapping === 'address-dependent')
    advice.push(
      'The NAT gives each peer another address (symmetric): most peers behind NATs are only reached by a relay.',
    );
  return advice;
}
