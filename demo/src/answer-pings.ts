import { control, readControl } from './protocol.ts';

/** Answers each ping on a channel with its pong. */
export function answerPings(channel: RTCDataChannel): void {
  channel.addEventListener('message', ({ data }) => {
    const message = readControl(data);
    if (message?.type === 'ping' && channel.readyState === 'open')
      channel.send(control({ type: 'pong', id: message.id }));
  });
}
