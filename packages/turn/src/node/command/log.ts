import { formatAddress } from '@kaon/wire';
import type { TurnServerEvent } from '../../server/index.ts';

/** A line of the log for an event, or undefined for one that is no news to an operator. No secrets, but names and addresses. */
export function describeEvent(event: TurnServerEvent): string | undefined {
  switch (event.type) {
    case 'allocated': {
      const { allocation, username, client, relayed, protocol } = event;
      const where = relayed.map(formatAddress).join(' and ');
      return `allocation ${allocation}: ${username} from ${formatAddress(client.remote)} got ${where} (${protocol})`;
    }
    case 'moved':
      return `allocation ${event.allocation}: moved to ${formatAddress(event.client.remote)}`;
    case 'deallocated': {
      const { allocation, username, reason, traffic } = event;
      return (
        `allocation ${allocation}: ended (${reason}) of ${username}, ` +
        `${traffic.bytesFromClient} bytes from client, ${traffic.bytesFromPeers} from peers`
      );
    }
    case 'refused':
      return `refused: ${event.username} from ${formatAddress(event.client.remote)}, error ${event.statusCode}`;
    default:
      return undefined;
  }
}
