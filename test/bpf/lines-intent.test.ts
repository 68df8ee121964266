import { CIDRGroup, dns, entities, http, icmp, names, nodes, tcp, tls } from 'plumbline';
import { provenOnKernel } from './lines.js';

provenOnKernel('an endpoint', [
  {
    line: 'lets another one in, on some ports',
    say: ({ web, cart }) => web.allowFrom(cart, tcp(80), icmp('EchoRequest')),
    allowed: ['cart > web 80', 'cart > web ICMP/8', 'guest > canary 80'],
    denied: ['cart > web 81', 'guest > web 80', 'world > web 80'],
  },
  {
    line: 'keeps one out, and everybody else is left alone',
    say: ({ web, cart }) => web.denyFrom(cart, tcp(80)),
    denied: ['cart > web 80'],
    allowed: ['cart > web 81', 'guest > web 80', 'world > web 80'],
  },
  {
    line: 'may go to a service, at the ports of its back-ends',
    say: ({ cart, till }) => cart.allowTo(till),
    allowed: ['cart > till 80', 'cart > web 8080'],
    denied: ['cart > web 80', 'cart > world 8080'],
  },
  {
    line: 'may not go to a service, and everything else is left alone',
    say: ({ cart, till }) => cart.denyTo(till),
    denied: ['cart > till 80', 'cart > web 8080'],
    allowed: ['cart > web 80', 'cart > canary 8080', 'cart > world 80'],
  },
  {
    line: 'lets in a group of prefixes, nodes and entities',
    node: { allowLocalhost: false },
    say: ({ app, node, web }) => {
      const office = new CIDRGroup(app, 'office', { cidrs: ['198.51.100.0/24'] });
      web.allowFrom(office, tcp(80));
      web.allowFrom(node, tcp(81));
      web.allowFrom(nodes({ rack: 'c' }), tcp(82));
      web.allowFrom(entities('world-ipv6'), tcp(83));
    },
    allowed: [
      '198.51.100.7 > web 80',
      'host > web 81',
      'endor > web 82',
      '2001:db8:ffff::7 > web 83',
    ],
    denied: ['198.51.101.7 > web 80', 'hoth > web 82', 'host > web 82', '198.51.100.7 > web 83'],
  },
  {
    line: 'has filters where it says what of the traffic it means',
    learned: [{ name: 'a.example.org', addresses: ['203.0.113.1'] }],
    say: ({ web, cart }) => {
      web.allowFrom(cart, http(80, { path: '/x' }), tcp(81));
      web.allowTo(entities('world'), tls(443, '*.example.org'), dns('*.example.org'));
      web.allowTo(names('*.example.org'), tcp(8443));
    },
    filtered: ['cart > web 80', 'web > world 443', 'web > world 53/UDP'],
    allowed: ['cart > web 81', 'web > 203.0.113.1 8443'],
    denied: ['guest > web 80', 'web > world 8443', 'web > cart 443'],
  },
]);
