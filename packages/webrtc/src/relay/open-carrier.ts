import { verifyChain } from '@kaon/dtls/certificate';
import type { TransportAddress } from '@kaon/interface/core/v1';
import type { ByteStream, UdpSocket } from '@kaon/interface/network/v1';
import { formatAddress } from '@kaon/wire';
import { type Carrier, StreamCarrier, UdpCarrier } from './carrier.ts';
import { DtlsCarrier } from './dtls-carrier.ts';
import { platformRoots } from './platform-roots.ts';
import type { RelayBase, RelayEnvironment, RelayOptions, RelayProtocol } from './types.ts';

/** A server to be reached from a local address. */
export interface CarrierTarget {
  readonly protocol: RelayProtocol;
  readonly base: RelayBase;
  readonly server: TransportAddress;
  /** Name or address that its certificate must be for. */
  readonly name: string;
}

/** Opens what carries messages to a server, unless it is given up. Rejects with an error whose message is for people. */
export async function openCarrier(
  target: CarrierTarget,
  environment: RelayEnvironment,
  options: RelayOptions,
  timeout: number,
  signal: AbortSignal,
): Promise<Carrier> {
  const { protocol } = target;
  if (protocol === 'udp') return new UdpCarrier(await bind(target, environment, options, signal), target.server);
  if (protocol === 'dtls') return openDtls(target, environment, options, timeout, signal);
  const stream = await connect(target, environment, options, timeout, signal);
  if (signal.aborted) throw closed(stream);
  const { base, server, name } = target;
  if (protocol === 'tcp') return new StreamCarrier('tcp', stream, base.address, server);
  const { startTls } = environment.network;
  if (startTls === undefined) throw closed(stream, 'this platform has no TLS');
  try {
    const { verify, trustedCertificates } = options.tls ?? {};
    const tlsOptions = { hostname: name, verify, trustedCertificates, timeout, signal };
    const secure = await startTls.call(environment.network, stream, tlsOptions);
    if (signal.aborted) throw closed(secure);
    return new StreamCarrier('tls', secure, base.address, server);
  } catch (error) {
    throw new Error(`TLS with ${name} failed: ${reasonOf(error)}`, { cause: error });
  }
}

async function bind(
  { base }: CarrierTarget,
  { network }: RelayEnvironment,
  { portRange }: RelayOptions,
  signal: AbortSignal,
): Promise<UdpSocket> {
  let socket: UdpSocket;
  try {
    socket = await network.bindUdp({ address: base.address, portRange });
  } catch (error) {
    throw new Error(`no socket on ${base.address}: ${reasonOf(error)}`, { cause: error });
  }
  if (signal.aborted) throw closed(socket);
  return socket;
}

async function connect(
  { base, server, name }: CarrierTarget,
  { network }: RelayEnvironment,
  { dialer }: RelayOptions,
  timeout: number,
  signal: AbortSignal,
): Promise<ByteStream> {
  const connectOptions = { remote: server, hostname: name, local: { address: base.address }, timeout, signal };
  try {
    if (dialer !== undefined) return await dialer(connectOptions);
    if (network.connectTcp !== undefined) return await network.connectTcp(connectOptions);
  } catch (error) {
    throw new Error(`no connection to ${formatAddress(server)}: ${reasonOf(error)}`, { cause: error });
  }
  throw new Error('this platform has no TCP');
}

async function openDtls(
  target: CarrierTarget,
  environment: RelayEnvironment,
  options: RelayOptions,
  timeout: number,
  signal: AbortSignal,
): Promise<Carrier> {
  const { server, name } = target;
  const { clock, crypto } = environment;
  const socket = await bind(target, environment, options, signal);
  const carrier = new DtlsCarrier({ socket, server, name, clock, crypto, timeout, trace: options.trace });
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('closed')), { once: true });
      carrier.onLost = reject;
      carrier.onConnected = (chain) => {
        if (options.tls?.verify === false) resolve();
        else verify(chain, name, environment, options).then(resolve, reject);
      };
      carrier.start();
    });
    return carrier;
  } catch (error) {
    carrier.close();
    throw new Error(`DTLS with ${name} failed: ${reasonOf(error)}`, { cause: error });
  } finally {
    carrier.onConnected = undefined;
    carrier.onLost = undefined;
  }
}

async function verify(
  chain: readonly Uint8Array[],
  name: string,
  { clock }: RelayEnvironment,
  { tls }: RelayOptions,
): Promise<void> {
  const roots = tls?.trustedCertificates ?? (await platformRoots());
  const error = await verifyChain(chain, { name, roots, now: clock.wallClock() });
  if (error !== undefined) throw error;
}

/** What to say of an error of a platform: its message, and its code where that says more. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (error.message === '') return code ?? error.name;
  return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`;
}

function closed(thing: { close(): void }, why = 'closed'): Error {
  thing.close();
  return new Error(why);
}
