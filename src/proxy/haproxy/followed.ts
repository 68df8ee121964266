import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/**
 * Variable of a process of HAProxy: whether somebody follows its access log. Nobody pays for lines that nobody
 * reads: to write one, and to read it, costs about as much as to accept a connection.
 */
export const FOLLOWED = 'proc.followed';

/** Ends the rule that keeps silent about a request. */
export const UNLESS_FOLLOWED = `set-log-level silent unless { var(${FOLLOWED}) -m bool }`;

/** Tells a process by its own socket, from the next request on. @throws Error when it is gone */
export async function setFollowed(path: string, isFollowed: boolean): Promise<void> {
  const socket = connect(path);
  // HAProxy 2.6 takes the command for an experiment.
  socket.write(`experimental-mode on; set var ${FOLLOWED} bool(${String(isFollowed)})\n`);
  const answer = (await text(socket)).trim();
  if (answer !== '') throw new Error(`HAProxy: ${answer}`);
}
