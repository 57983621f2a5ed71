/** Signaling between two processes: whatever one socket says, the other hears. */
import type { WebSocket } from 'ws';

/** Joins sockets in pairs, in the order in which they come. Both are told `{ ready: true }` first. */
export class Relay {
  #waiting: WebSocket | undefined;

  join(socket: WebSocket): void {
    const other = this.#waiting;
    if (other === undefined) {
      this.#waiting = socket;
      socket.once('close', () => {
        if (this.#waiting === socket) this.#waiting = undefined;
      });
      return;
    }
    this.#waiting = undefined;
    connect(other, socket);
    connect(socket, other);
  }
}

function connect(from: WebSocket, to: WebSocket): void {
  from.on('message', (data) => to.send(String(data)));
  from.on('close', () => to.close());
  from.send(JSON.stringify({ ready: true }));
}
