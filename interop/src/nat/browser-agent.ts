/**
 * A browser behind the control protocol, for a harness in another network namespace: the browser, what drives it and the
 * page's server have to be in the same one. The one argument is `chromium` or `firefox`.
 */
import { createInterface } from 'node:readline';
import { chromium } from '../../chromium/peer.ts';
import { firefox } from '../../firefox/peer.ts';
import type { Request } from '../agent/protocol.ts';

/** How long the browser may take to end, in milliseconds. */
const PARTING = 5000;

const kind = [chromium, firefox].find(({ id }) => id === process.argv[2]);
if (kind === undefined) throw new Error('chromium or firefox?');

const write = (message: unknown): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
const starting = kind.start().then((peer) => {
  peer.report(write);
  return peer;
});
starting.catch(() => {});

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { seq, ...command } = JSON.parse(line) as Request;
    try {
      write({ seq, result: await (await starting).call(command) });
    } catch (error) {
      write({ seq, error: String(error) });
    }
  })
  .on('close', async () => {
    setTimeout(() => process.exit(1), PARTING);
    await starting.then((peer) => peer.kill()).catch(() => {});
    process.exit(0);
  });
