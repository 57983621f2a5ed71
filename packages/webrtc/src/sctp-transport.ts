import { Construction } from './construction.ts';
import type { RTCDtlsTransport } from './dtls-transport.ts';
import { type AnyEventHandler, type EventHandler, TypedEventTarget } from './events/event-target.ts';

/** Life of an SCTP transport (W3C WebRTC §6.1.2). */
export type RTCSctpTransportState = 'connecting' | 'connected' | 'closed';

/** Events of an SCTP transport. */
export interface RTCSctpTransportEventMap {
  statechange: Event;
}

/** See `SctpTransportInternals`. */
export let sctpTransportInternals: SctpTransportInternals;

/** The SCTP transport of a connection (W3C WebRTC §6.1.1). */
export class RTCSctpTransport extends TypedEventTarget<RTCSctpTransportEventMap> {
  readonly transport: RTCDtlsTransport;
  #state: RTCSctpTransportState = 'connecting';
  #maxMessageSize: number;
  #maxChannels: number | null = null;

  /** Transports are made by their connection. */
  constructor() {
    super();
    const { transport, maxMessageSize } = construction.take();
    this.transport = transport;
    this.#maxMessageSize = maxMessageSize;
  }

  get state(): RTCSctpTransportState {
    return this.#state;
  }

  /** Longest message in bytes that `send` takes; Infinity when the peer takes any. */
  get maxMessageSize(): number {
    return this.#maxMessageSize;
  }

  /** Channels that may be open at once; null before `connected`. */
  get maxChannels(): number | null {
    return this.#maxChannels;
  }

  get onstatechange(): AnyEventHandler {
    return this.handler('statechange');
  }
  set onstatechange(handler: EventHandler<this, Event>) {
    this.setHandler('statechange', handler);
  }

  static {
    sctpTransportInternals = {
      create: (init) => construction.make(RTCSctpTransport, init),
      setMaxMessageSize: (transport, bytes) => {
        transport.#maxMessageSize = bytes;
      },
      connected: (transport, maxChannels) => {
        transport.#maxChannels = maxChannels;
        transport.#setState('connected', false);
      },
      closed: (transport, silent) => transport.#setState('closed', silent ?? false),
    };
  }

  #setState(state: RTCSctpTransportState, silent: boolean): void {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    if (!silent) this.dispatchEvent(new Event('statechange'));
  }
}

interface SctpTransportInit {
  readonly transport: RTCDtlsTransport;
  readonly maxMessageSize: number;
}

/** What the connection may do with its SCTP transport and nobody else. */
export interface SctpTransportInternals {
  create(init: SctpTransportInit): RTCSctpTransport;
  setMaxMessageSize(transport: RTCSctpTransport, bytes: number): void;
  connected(transport: RTCSctpTransport, maxChannels: number): void;
  closed(transport: RTCSctpTransport, silent?: boolean): void;
}

const construction = new Construction<SctpTransportInit>();
