import { nodeCrypto } from '@kaon/runtime/node';
import { measureDtls } from './dtls.ts';
import { measureSrtp } from './srtp.ts';
import { measureStreams } from './streams.ts';
import { measureStun } from './stun.ts';

/** Prints what each layer takes by itself, in microseconds per operation. */
export async function measureLayers(quick: boolean): Promise<void> {
  const providers = [['node', nodeCrypto]] as const;
  const results = [
    ...measureStun(providers, quick),
    ...(await measureDtls(providers, quick)),
    ...measureSrtp(providers, quick),
    ...(await measureStreams(providers, quick)),
  ];
  for (const { layer, operation, microseconds } of results) {
    console.log(`${microseconds.toFixed(2).padStart(10)} µs  ${layer}: ${operation}`);
  }
}
