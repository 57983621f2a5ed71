import { type Digest, digest, materialise, type Payload } from './agent/payload.ts';
import type { ChannelFacts } from './agent/protocol.ts';
import { Inbox, Signal } from './inbox.ts';

/** A data channel of the stack under test, with what arrives on it kept for a scenario to take. */
export class LocalChannel {
  readonly channel: RTCDataChannel;
  readonly messages: Inbox<Digest> = new Inbox('a message at Kaon');
  readonly opened: Signal = new Signal("open at Kaon's channel");
  readonly closed: Signal = new Signal("close at Kaon's channel");

  constructor(channel: RTCDataChannel) {
    this.channel = channel;
    channel.binaryType = 'arraybuffer';
    if (channel.readyState === 'open') this.opened.raise();
    else channel.onopen = () => this.opened.raise();
    channel.onclose = () => this.closed.raise();
    channel.onmessage = ({ data }) => this.messages.put(digest(data));
  }

  send(payload: Payload): void {
    const data = materialise(payload);
    if (typeof data === 'string') this.channel.send(data);
    else this.channel.send(data);
  }

  facts(): ChannelFacts {
    const { label, protocol, id, negotiated, ordered, maxRetransmits, maxPacketLifeTime } = this.channel;
    return { label, protocol, id, negotiated, ordered, maxRetransmits, maxPacketLifeTime };
  }
}
