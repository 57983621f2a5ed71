import { Construction } from './construction.ts';
import type { RTCError } from './errors.ts';
import { type AnyEventHandler, type EventHandler, TypedEventTarget } from './events/event-target.ts';
import { RTCErrorEvent } from './events/events.ts';
import type { RTCIceTransport } from './ice-transport.ts';

/** Life of a DTLS transport (W3C WebRTC §5.5.1). */
export type RTCDtlsTransportState = 'new' | 'connecting' | 'connected' | 'closed' | 'failed';

/** Events of a DTLS transport. */
export interface RTCDtlsTransportEventMap {
  statechange: Event;
  error: RTCErrorEvent;
}

/** See `DtlsTransportInternals`. */
export let dtlsTransportInternals: DtlsTransportInternals;

/** The DTLS transport of a connection (W3C WebRTC §5.5). */
export class RTCDtlsTransport extends TypedEventTarget<RTCDtlsTransportEventMap> {
  readonly iceTransport: RTCIceTransport;
  readonly #remoteCertificates: () => readonly Uint8Array[];
  #state: RTCDtlsTransportState = 'new';

  /** Transports are made by their connection. */
  constructor() {
    super();
    const { iceTransport, remoteCertificates } = construction.take();
    this.iceTransport = iceTransport;
    this.#remoteCertificates = remoteCertificates;
  }

  get state(): RTCDtlsTransportState {
    return this.#state;
  }

  /** The peer's certificates in DER, its own first; none before `connected`. */
  getRemoteCertificates(): ArrayBuffer[] {
    return this.#remoteCertificates().map((der) => der.slice().buffer as ArrayBuffer);
  }

  get onstatechange(): AnyEventHandler {
    return this.handler('statechange');
  }
  set onstatechange(handler: EventHandler<this, Event>) {
    this.setHandler('statechange', handler);
  }
  get onerror(): AnyEventHandler {
    return this.handler('error');
  }
  set onerror(handler: EventHandler<this, RTCErrorEvent>) {
    this.setHandler('error', handler);
  }

  static {
    dtlsTransportInternals = {
      create: (init) => construction.make(RTCDtlsTransport, init),
      setState: (transport, state, silent) => {
        if (transport.#state === state || transport.#state === 'closed' || transport.#state === 'failed') return;
        transport.#state = state;
        if (!silent) transport.dispatchEvent(new Event('statechange'));
      },
      error: (transport, error) => void transport.dispatchEvent(new RTCErrorEvent('error', { error })),
    };
  }
}

interface DtlsTransportInit {
  readonly iceTransport: RTCIceTransport;
  readonly remoteCertificates: () => readonly Uint8Array[];
}

/** What the connection may do with its DTLS transport and nobody else. */
export interface DtlsTransportInternals {
  create(init: DtlsTransportInit): RTCDtlsTransport;
  /** Fires `statechange` unless `silent`. `closed` and `failed` are final. */
  setState(transport: RTCDtlsTransport, state: RTCDtlsTransportState, silent?: boolean): void;
  error(transport: RTCDtlsTransport, error: RTCError): void;
}

const construction = new Construction<DtlsTransportInit>();
