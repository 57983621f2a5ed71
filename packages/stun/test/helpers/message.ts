import { type Attribute, METHOD, type StunMessage } from '../../src/index.ts';
import { TRANSACTION_ID } from './attributes.ts';

/** A Binding request with the transaction id of RFC 5769. */
export function request(...attributes: readonly Attribute[]): StunMessage {
  return { class: 'request', method: METHOD.Binding, transactionId: TRANSACTION_ID, attributes };
}

export function response(cls: 'success' | 'error', to: StunMessage, ...attributes: readonly Attribute[]): StunMessage {
  return { class: cls, method: to.method, transactionId: to.transactionId, attributes };
}
