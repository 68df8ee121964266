/**
 * ICMP types by the names that Cilium's policies have for them; the numbers are IANA's (ICMP Type
 * Numbers, ICMPv6 "type" Numbers).
 */
export const ICMP_TYPES: Readonly<Record<'IPv4' | 'IPv6', Readonly<Record<string, number>>>> = {
  IPv4: {
    EchoReply: 0,
    DestinationUnreachable: 3,
    Redirect: 5,
    Echo: 8,
    EchoRequest: 8,
    RouterAdvertisement: 9,
    RouterSelection: 10,
    TimeExceeded: 11,
    ParameterProblem: 12,
    Timestamp: 13,
    TimestampReply: 14,
    Photuris: 40,
    ExtendedEchoRequest: 42,
    ExtendedEchoReply: 43,
  },
  IPv6: {
    DestinationUnreachable: 1,
    PacketTooBig: 2,
    TimeExceeded: 3,
    ParameterProblem: 4,
    EchoRequest: 128,
    EchoReply: 129,
    MulticastListenerQuery: 130,
    MulticastListenerReport: 131,
    MulticastListenerDone: 132,
    RouterSolicitation: 133,
    RouterAdvertisement: 134,
    NeighborSolicitation: 135,
    NeighborAdvertisement: 136,
    RedirectMessage: 137,
    RouterRenumbering: 138,
    ICMPNodeInformationQuery: 139,
    ICMPNodeInformationResponse: 140,
    InverseNeighborDiscoverySolicitation: 141,
    InverseNeighborDiscoveryAdvertisement: 142,
    HomeAgentAddressDiscoveryRequest: 144,
    HomeAgentAddressDiscoveryReply: 145,
    MobilePrefixSolicitation: 146,
    MobilePrefixAdvertisement: 147,
    DuplicateAddressRequestCodeSuffix: 157,
    DuplicateAddressConfirmationCodeSuffix: 158,
    ExtendedEchoRequest: 160,
    ExtendedEchoReply: 161,
  },
};

/** The number of an ICMP type given as a number, as one in text, or by name; undefined for none. */
export function icmpType(
  type: number | string,
  family: 'IPv4' | 'IPv6' = 'IPv4',
): number | undefined {
  const names = ICMP_TYPES[family];
  const number =
    typeof type === 'number'
      ? type
      : /^\d{1,3}$/.test(type)
        ? Number(type)
        : Object.hasOwn(names, type)
          ? names[type]
          : undefined;
  return number !== undefined && Number.isInteger(number) && number >= 0 && number <= 255
    ? number
    : undefined;
}

/** `EchoRequest` for 8; undefined for a type without a name. Where there are two, the longer one says more. */
export function icmpTypeName(type: number, family: 'IPv4' | 'IPv6'): string | undefined {
  const names = Object.entries(ICMP_TYPES[family]).filter(([, number]) => number === type);
  return names.sort(([a], [b]) => b.length - a.length)[0]?.[0];
}
