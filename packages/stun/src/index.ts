export { type Attribute, COMPREHENSION_OPTIONAL } from './attribute.ts';
export type { AccessToken } from './attributes/access-token.ts';
export type { AdditionalAddressFamily } from './attributes/additional-address-family.ts';
export type { AddressErrorCode } from './attributes/address-error-code.ts';
export type { AlternateDomain } from './attributes/alternate-domain.ts';
export type { AlternateServer } from './attributes/alternate-server.ts';
export type { CacheTimeout } from './attributes/cache-timeout.ts';
export type { ChangeRequest } from './attributes/change-request.ts';
export type { ChangedAddress } from './attributes/changed-address.ts';
export type { ChannelNumber } from './attributes/channel-number.ts';
export type { ConnectionId } from './attributes/connection-id.ts';
export type { Data } from './attributes/data.ts';
export type { DontFragment } from './attributes/dont-fragment.ts';
export type { ErrorCode } from './attributes/error-code.ts';
export { ERROR } from './attributes/error-code.ts';
export type { EvenPort } from './attributes/even-port.ts';
export type { Fingerprint } from './attributes/fingerprint.ts';
export type { GoogNetworkInfo } from './attributes/goog-network-info.ts';
export type { IceControlled } from './attributes/ice-controlled.ts';
export type { IceControlling } from './attributes/ice-controlling.ts';
export type { Icmp } from './attributes/icmp.ts';
export type { Lifetime } from './attributes/lifetime.ts';
export type { MappedAddress } from './attributes/mapped-address.ts';
export type { MessageIntegrity } from './attributes/message-integrity.ts';
export type { MessageIntegritySha256 } from './attributes/message-integrity-sha256.ts';
export type { MobilityTicket } from './attributes/mobility-ticket.ts';
export type { Nomination } from './attributes/nomination.ts';
export type { Nonce } from './attributes/nonce.ts';
export type { OtherAddress } from './attributes/other-address.ts';
export type { Padding } from './attributes/padding.ts';
export type { PasswordAlgorithm } from './attributes/password-algorithm.ts';
export { PASSWORD_ALGORITHM, type PasswordAlgorithmEntry } from './attributes/password-algorithm.ts';
export type { PasswordAlgorithms } from './attributes/password-algorithms.ts';
export type { Priority } from './attributes/priority.ts';
export type { Realm } from './attributes/realm.ts';
export type { RequestedAddressFamily } from './attributes/requested-address-family.ts';
export type { RequestedTransport } from './attributes/requested-transport.ts';
export type { ReservationToken } from './attributes/reservation-token.ts';
export type { ResponseOrigin } from './attributes/response-origin.ts';
export type { ResponsePort } from './attributes/response-port.ts';
export type { Software } from './attributes/software.ts';
export type { SourceAddress } from './attributes/source-address.ts';
export type { ThirdPartyAuthorization } from './attributes/third-party-authorization.ts';
export type { TransactionTransmitCounter } from './attributes/transaction-transmit-counter.ts';
export type { UnknownAttribute } from './attributes/unknown.ts';
export type { UnknownAttributes } from './attributes/unknown-attributes.ts';
export type { UseCandidate } from './attributes/use-candidate.ts';
export type { Userhash } from './attributes/userhash.ts';
export type { Username } from './attributes/username.ts';
export type { XorMappedAddress } from './attributes/xor-mapped-address.ts';
export type { XorPeerAddress } from './attributes/xor-peer-address.ts';
export type { XorRelayedAddress } from './attributes/xor-relayed-address.ts';
export {
  BehaviorDiscovery,
  type BehaviorDiscoveryClientOptions,
  type BehaviorDiscoveryEvent,
  type NatBehavior,
  type NatDependence,
} from './behavior-discovery.ts';
export { BindingClient, type BindingClientEvent, type BindingClientOptions } from './client.ts';
export { longTermKey, opaqueString, shortTermKey, userHash } from './credentials.ts';
export { defaultCrypto, type StunCrypto } from './crypto.ts';
export { type EncodeOptions, encodeMessage, writeMessage } from './encode.ts';
export { StunError, type StunErrorCode } from './errors.ts';
export { verifyFingerprint } from './fingerprint.ts';
export {
  formatTransactionId,
  HEADER_LENGTH,
  isStun,
  MAGIC_COOKIE,
  METHOD,
  type StunClass,
  TRANSACTION_ID_LENGTH,
} from './header.ts';
export { verifyIntegrity, verifyIntegritySha256 } from './integrity.ts';
export { type ClientAuthentication, LongTermAuthentication, type LongTermCredentials } from './long-term.ts';
export { attribute, decodeMessage, parseMessage, type StunMessage, unknownRequired } from './message.ts';
export { formatNonce, type NonceFeatures, nonceFeatures } from './nonce.ts';
export { type BehaviorDiscoveryOptions, BindingResponder, type BindingResponderOptions } from './responder.ts';
export {
  chosenAlgorithm,
  type LongTermServerOptions,
  OFFERED_PASSWORD_ALGORITHMS,
  ServerAuthentication,
  type ServerAuthenticationOptions,
  type ServerVerdict,
  type ShortTermServerOptions,
} from './server-authentication.ts';
export { ServerNonces } from './server-nonces.ts';
export { type OAuthToken, ThirdPartyAuthentication } from './third-party.ts';
export type { StunTraceEvent, StunTraceName } from './trace.ts';
export { ClientTransaction, type ClientTransactionOptions, type TransactionState } from './transaction.ts';
export { formatUri, parseUri, type StunUri } from './uri.ts';
