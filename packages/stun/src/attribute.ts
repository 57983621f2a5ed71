/** All attributes together: the union, and the table that finds a codec by number or by name. */
import { type AccessToken, accessToken } from './attributes/access-token.ts';
import { type AdditionalAddressFamily, additionalAddressFamily } from './attributes/additional-address-family.ts';
import { type AddressErrorCode, addressErrorCode } from './attributes/address-error-code.ts';
import { type AlternateDomain, alternateDomain } from './attributes/alternate-domain.ts';
import { type AlternateServer, alternateServer } from './attributes/alternate-server.ts';
import { type CacheTimeout, cacheTimeout } from './attributes/cache-timeout.ts';
import { type ChangeRequest, changeRequest } from './attributes/change-request.ts';
import { type ChangedAddress, changedAddress } from './attributes/changed-address.ts';
import { type ChannelNumber, channelNumber } from './attributes/channel-number.ts';
import type { AttributeCodec } from './attributes/codec.ts';
import { type ConnectionId, connectionId } from './attributes/connection-id.ts';
import { type Data, data } from './attributes/data.ts';
import { type DontFragment, dontFragment } from './attributes/dont-fragment.ts';
import { type ErrorCode, errorCode } from './attributes/error-code.ts';
import { type EvenPort, evenPort } from './attributes/even-port.ts';
import { type Fingerprint, fingerprint } from './attributes/fingerprint.ts';
import { type GoogNetworkInfo, googNetworkInfo } from './attributes/goog-network-info.ts';
import { type IceControlled, iceControlled } from './attributes/ice-controlled.ts';
import { type IceControlling, iceControlling } from './attributes/ice-controlling.ts';
import { type Icmp, icmp } from './attributes/icmp.ts';
import { type Lifetime, lifetime } from './attributes/lifetime.ts';
import { type MappedAddress, mappedAddress } from './attributes/mapped-address.ts';
import { type MessageIntegrity, messageIntegrity } from './attributes/message-integrity.ts';
import { type MessageIntegritySha256, messageIntegritySha256 } from './attributes/message-integrity-sha256.ts';
import { type MobilityTicket, mobilityTicket } from './attributes/mobility-ticket.ts';
import { type Nomination, nomination, pionNomination } from './attributes/nomination.ts';
import { type Nonce, nonce } from './attributes/nonce.ts';
import { type OtherAddress, otherAddress } from './attributes/other-address.ts';
import { type Padding, padding } from './attributes/padding.ts';
import { type PasswordAlgorithm, passwordAlgorithm } from './attributes/password-algorithm.ts';
import { type PasswordAlgorithms, passwordAlgorithms } from './attributes/password-algorithms.ts';
import { type Priority, priority } from './attributes/priority.ts';
import { type Realm, realm } from './attributes/realm.ts';
import { type RequestedAddressFamily, requestedAddressFamily } from './attributes/requested-address-family.ts';
import { type RequestedTransport, requestedTransport } from './attributes/requested-transport.ts';
import { type ReservationToken, reservationToken } from './attributes/reservation-token.ts';
import { type ResponseOrigin, responseOrigin } from './attributes/response-origin.ts';
import { type ResponsePort, responsePort } from './attributes/response-port.ts';
import { type Software, software } from './attributes/software.ts';
import { type SourceAddress, sourceAddress } from './attributes/source-address.ts';
import { type ThirdPartyAuthorization, thirdPartyAuthorization } from './attributes/third-party-authorization.ts';
import {
  type TransactionTransmitCounter,
  transactionTransmitCounter,
} from './attributes/transaction-transmit-counter.ts';
import type { UnknownAttribute } from './attributes/unknown.ts';
import { type UnknownAttributes, unknownAttributes } from './attributes/unknown-attributes.ts';
import { type UseCandidate, useCandidate } from './attributes/use-candidate.ts';
import { type Userhash, userhash } from './attributes/userhash.ts';
import { type Username, username } from './attributes/username.ts';
import { type XorMappedAddress, xorMappedAddress } from './attributes/xor-mapped-address.ts';
import { type XorPeerAddress, xorPeerAddress } from './attributes/xor-peer-address.ts';
import { type XorRelayedAddress, xorRelayedAddress } from './attributes/xor-relayed-address.ts';

/** One attribute of a message, told apart by its `type`; whatever is not known here is an `unknown` one. */
export type Attribute =
  | MappedAddress
  | ChangeRequest
  | SourceAddress
  | ChangedAddress
  | Username
  | MessageIntegrity
  | ErrorCode
  | UnknownAttributes
  | ChannelNumber
  | Lifetime
  | XorPeerAddress
  | Data
  | Realm
  | Nonce
  | XorRelayedAddress
  | RequestedAddressFamily
  | EvenPort
  | RequestedTransport
  | DontFragment
  | AccessToken
  | MessageIntegritySha256
  | PasswordAlgorithm
  | Userhash
  | XorMappedAddress
  | ReservationToken
  | Priority
  | UseCandidate
  | Padding
  | ResponsePort
  | ConnectionId
  | AdditionalAddressFamily
  | AddressErrorCode
  | PasswordAlgorithms
  | AlternateDomain
  | Icmp
  | Software
  | AlternateServer
  | TransactionTransmitCounter
  | CacheTimeout
  | Fingerprint
  | IceControlled
  | IceControlling
  | ResponseOrigin
  | OtherAddress
  | ThirdPartyAuthorization
  | MobilityTicket
  | Nomination
  | GoogNetworkInfo
  | UnknownAttribute;

/** Attributes numbered below this must be understood by the receiver (RFC 8489 §14). */
export const COMPREHENSION_OPTIONAL = 0x8000;

/** The codec of an attribute number; undefined for one that is not known. */
export function codecByCode(code: number): AttributeCodec<Attribute> | undefined {
  return BY_CODE.get(code);
}

/** The codec of a kind of attribute; undefined for `unknown`. */
export function codecByType(type: Attribute['type']): AttributeCodec<Attribute> | undefined {
  return BY_TYPE.get(type);
}

/** In the order of their numbers. */
const CODECS: readonly AttributeCodec<Attribute>[] = [
  mappedAddress,
  changeRequest,
  sourceAddress,
  changedAddress,
  username,
  messageIntegrity,
  errorCode,
  unknownAttributes,
  channelNumber,
  lifetime,
  xorPeerAddress,
  data,
  realm,
  nonce,
  xorRelayedAddress,
  requestedAddressFamily,
  evenPort,
  requestedTransport,
  dontFragment,
  accessToken,
  messageIntegritySha256,
  passwordAlgorithm,
  userhash,
  xorMappedAddress,
  reservationToken,
  priority,
  useCandidate,
  padding,
  responsePort,
  connectionId,
  additionalAddressFamily,
  addressErrorCode,
  passwordAlgorithms,
  alternateDomain,
  icmp,
  software,
  alternateServer,
  transactionTransmitCounter,
  cacheTimeout,
  fingerprint,
  iceControlled,
  iceControlling,
  responseOrigin,
  otherAddress,
  thirdPartyAuthorization,
  mobilityTicket,
  nomination,
  googNetworkInfo,
];

const BY_CODE: ReadonlyMap<number, AttributeCodec<Attribute>> = new Map(
  [...CODECS, pionNomination].map((codec) => [codec.code, codec]),
);
const BY_TYPE: ReadonlyMap<string, AttributeCodec<Attribute>> = new Map(CODECS.map((codec) => [codec.type, codec]));
