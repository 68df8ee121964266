import { describeExample } from './example.js';

describeExample('star-wars', [
  ['tiefighter-1', 'deathstar-1', '80/TCP', 'The empire lands on its death stars'],
  ['deathstar-1', 'deathstar-2', '80/TCP', 'one death star included'],
  ['xwing', 'deathstar-1', '80/TCP', 'The alliance does not'],
  ['tiefighter-1', 'deathstar-1', '22/TCP', 'and the empire only where the rule says'],
  ['tiefighter-1', 'deathstar-1', 'ICMP/8', 'A rule about ports says nothing of ICMP'],
  ['host', 'deathstar-1', '22/TCP', 'The node may always reach its own endpoints'],
  ['8.8.8.8', 'deathstar-1', '80/TCP', 'The world is no part of the empire'],
  ['deathstar-1', 'xwing', '80/TCP', 'Nobody isolates the x-wing, and death stars may go anywhere'],
]);
