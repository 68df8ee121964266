/** EDNS of somebody who takes datagrams of so many bytes. */
export function opt(udpPayloadSize: number) {
  const fields = { extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] };
  return { type: 'OPT' as const, name: '.', udpPayloadSize, ...fields };
}
