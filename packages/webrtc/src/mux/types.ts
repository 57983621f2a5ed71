import type { TransportAddress } from '@kaon/interface/core/v1';
import type { InterfaceAddress, UdpSocket } from '@kaon/interface/network/v1';

/** A port that many connections share, as a connection sees it: `UdpMux`, `TcpMux`, or what stands in for them. */
export interface AttachableMux {
  /** Every username fragment of a connection on this port must begin with this, where it is set: it names a shard. */
  readonly usernameFragmentPrefix?: string | undefined;
  /**
   * A place on the port for what is sent to this username fragment. Throws when the port is closed, when another
   * connection has the fragment, or when the port is full. `onPathFailed` hears when a TCP connection ended that the place had.
   */
  attach(
    usernameFragment: string,
    onPathFailed?: (local: TransportAddress, remote: TransportAddress) => void,
  ): MuxAttachment;
}

/** What one connection has of a shared port. */
export interface MuxAttachment {
  /** One for each address of the port; `addSocket` of a driver takes them as it takes any other. */
  readonly sockets: readonly MuxedSocket[];
  /**
   * ICE begins anew with this fragment (RFC 8445 §9). The one before stays, so that the old pair is heard until then. Throws
   * as `attach` does, except that nothing happens once the place is given up or the port is closed.
   */
  restart(usernameFragment: string): void;
  /** Gives the place up: closes all sockets, without a callback. The same as closing each of them. Idempotent. */
  release(): void;
}

/**
 * One connection's share of a socket. `prefer(remote)` says that the connection has chosen a pair with this remote, which
 * makes the remote's datagrams its own; when the port is closed, `onError` is called with an error of code `MUX_CLOSED`.
 */
export interface MuxedSocket extends UdpSocket {
  /** The address it is bound to and its interface; `name` is empty where the platform does not know the address. */
  readonly network: InterfaceAddress;
  prefer(remote: TransportAddress): void;
}
