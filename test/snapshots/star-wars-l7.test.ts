import { describeExample } from './example.js';

describeExample('star-wars-l7', [
  ['tiefighter', 'deathstar', '80/TCP', 'The empire asks for a landing', 'POST /v1/request-landing'],
  ['tiefighter', 'deathstar', '80/TCP', 'and for nothing else', 'PUT /v1/exhaust-port'],
  ['tiefighter', 'deathstar', '80/TCP', 'nor by another name of it', 'PUT /v1/./%65xhaust-port?a'],
  ['tiefighter', 'deathstar', '80/TCP', 'Which requests those are is in the rule'],
  ['tiefighter', 'deathstar', '22/TCP', 'Other ports are no business of the proxy'],
  ['xwing', 'deathstar', '80/TCP', 'The alliance does not even connect', 'POST /v1/request-landing'],
  ['host', 'deathstar', '80/TCP', 'The node is not filtered', 'PUT /v1/exhaust-port'],
]);
