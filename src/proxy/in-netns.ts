/** How a command is run in a network namespace. `netns`: its path; absent: that of this process. */
export function inNetns(
  netns: string | undefined,
  command: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  if (netns === undefined) return { command, args };
  return { command: 'nsenter', args: [`--net=${netns}`, '--', command, ...args] };
}
