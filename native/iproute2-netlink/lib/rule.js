import { invalid } from './error.js';
import { AF_INET, AF_INET6, familyName, familyNumber, formatCidr, parseCidr } from './ip.js';
import { Attributes, compact } from './reader.js';
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL } from './writer.js';

/** @import { Rule, RuleOperation } from '../index.js' */
/** @import { Writer } from './writer.js' */

export const RTM_NEWRULE = 32;
const RTM_DELRULE = 33;
export const RTM_GETRULE = 34;
const FRA_DST = 1;
const FRA_SRC = 2;
const FRA_IIFNAME = 3;
const FRA_GOTO = 4;
const FRA_PRIORITY = 6;
const FRA_FWMARK = 10;
const FRA_TABLE = 15;
const FRA_FWMASK = 16;
const FRA_OIFNAME = 17;
const FRA_PROTOCOL = 21;
const FIB_RULE_INVERT = 2;
const RT_TABLE_COMPAT = 252;

/** Names of the kernel's FR_ACT_ numbers. */
const ACTIONS = new Map([
  [1, 'to-table'],
  [2, 'goto'],
  [3, 'nop'],
  [6, 'blackhole'],
  [7, 'unreachable'],
  [8, 'prohibit'],
]);

/** @param {Writer} w @param {RuleOperation} op */
export function writeRule(w, { op, rule }) {
  const add = op === 'rule-add';
  const source = prefix(rule.source, rule.family);
  const destination = prefix(rule.destination, rule.family);
  const table = rule.table ?? 0;
  w.message(
    add ? RTM_NEWRULE : RTM_DELRULE,
    NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0),
    () => {
      w.u8(familyNumber(rule.family))
        .u8(destination?.length ?? 0)
        .u8(source?.length ?? 0)
        .u8(0);
      w.u8(table < 256 ? table : RT_TABLE_COMPAT)
        .u8(0)
        .u8(0);
      w.u8(actionNumber(rule.action ?? (add ? 'to-table' : undefined)));
      w.u32(rule.invert ? FIB_RULE_INVERT : 0);
      w.attributeBytes(FRA_DST, destination?.bytes);
      w.attributeBytes(FRA_SRC, source?.bytes);
      w.attributeText(FRA_IIFNAME, rule.iif);
      w.attributeText(FRA_OIFNAME, rule.oif);
      w.attributeU32(FRA_GOTO, rule.goto);
      w.attributeU32(FRA_PRIORITY, rule.priority);
      w.attributeU32(FRA_FWMARK, rule.fwmark);
      w.attributeU32(FRA_FWMASK, rule.fwmask);
      if (rule.table !== undefined) w.attributeU32(FRA_TABLE, rule.table);
      w.attributeU8(FRA_PROTOCOL, rule.protocol);
    },
  );
}

/** @param {string | undefined} name undefined matches any, for deletion */
function actionNumber(name) {
  if (name === undefined) return 0;
  for (const [number, known] of ACTIONS) if (known === name) return number;
  throw invalid(`no rule action: ${name}`);
}

/** @param {string | undefined} cidr @param {Rule['family']} family */
function prefix(cidr, family) {
  if (cidr === undefined) return undefined;
  const parsed = parseCidr(cidr);
  if (parsed.family !== family) throw invalid(`${cidr} in a rule of family ${family}`);
  return parsed.length === 0 ? undefined : parsed;
}

/** @param {Writer} w @param {number} family */
export function writeRuleDump(w, family) {
  w.u8(family).u8(0).u8(0).u8(0).u8(0).u8(0).u8(0).u8(0).u32(0);
}

/** @param {Buffer} body @returns {Rule | undefined} undefined: of no family known here */
export function readRule(body) {
  const number = body.readUInt8(0);
  if (number !== AF_INET && number !== AF_INET6) return undefined;
  const family = familyName(number);
  const attributes = new Attributes(body, 12);
  const source = attributes.bytes(FRA_SRC);
  const destination = attributes.bytes(FRA_DST);
  const action = body.readUInt8(7);
  return compact({
    family,
    priority: attributes.u32(FRA_PRIORITY) ?? 0,
    table: attributes.u32(FRA_TABLE) ?? body.readUInt8(4),
    protocol: attributes.u8(FRA_PROTOCOL) ?? 0,
    fwmark: attributes.u32(FRA_FWMARK),
    fwmask: attributes.u32(FRA_FWMASK),
    iif: attributes.text(FRA_IIFNAME),
    oif: attributes.text(FRA_OIFNAME),
    source: source && formatCidr(source, body.readUInt8(2), family),
    destination: destination && formatCidr(destination, body.readUInt8(1), family),
    action: ACTIONS.get(action) ?? String(action),
    goto: attributes.u32(FRA_GOTO),
    invert: (body.readUInt32LE(8) & FIB_RULE_INVERT) !== 0 || undefined,
  });
}
