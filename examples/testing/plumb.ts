// The fleet of star-wars, in a form that tests can import: what it makes is exported.
import { App, Endpoint, entities, Group, http, Node, tcp } from 'plumbline';

export const app = new App();
const hoth = new Node(app, 'hoth', { podCIDRs: ['10.1.0.0/24'] });

export const deathstar = new Endpoint(hoth, 'deathstar', {
  labels: { org: 'empire', class: 'deathstar' },
  address: '10.1.0.11',
});
export const tiefighter = new Endpoint(hoth, 'tiefighter', {
  labels: { org: 'empire', class: 'tiefighter' },
  address: '10.1.0.21',
});
export const xwing = new Endpoint(hoth, 'xwing', {
  labels: { org: 'alliance', class: 'xwing' },
  address: '10.1.0.31',
});
export const empire = new Group(app, 'empire', { labels: { org: 'empire' } });

deathstar.allowFrom(empire, http(80, { method: 'POST', path: '/v1/request-landing' }));
xwing.allowTo(entities('world'), tcp(443));
