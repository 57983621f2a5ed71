/** Handshake message types (RFC 5246 §7.4, RFC 6347 §4.3.2). */
export const HANDSHAKE_TYPE = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  newSessionTicket: 4,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const;

/** The name of a handshake message type for traces and errors, or its number in text. */
export function handshakeTypeName(type: number): string {
  for (const [name, value] of Object.entries(HANDSHAKE_TYPE)) if (value === type) return name;
  return String(type);
}
