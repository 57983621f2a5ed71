import type { OpenRelays } from './types.ts';

/** Opens allocations on TURN servers. */
export const openRelays: OpenRelays = (servers, _bases, _environment, _options, sink) => {
  let closed = false;
  const settled = Promise.resolve().then(() => {
    if (closed) return;
    for (const { url } of servers)
      sink.error({ url, address: null, port: null, errorCode: 701, errorText: 'TURN is not supported yet' });
  });
  return {
    settled,
    close() {
      closed = true;
    },
  };
};
