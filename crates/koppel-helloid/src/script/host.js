// What a script is given and what is taken from it.
(native, dates) => {
  'use strict';
  const { parse, stringify } = JSON;
  const { apply, defineProperty } = Reflect;
  const { keys } = Object;
  const { isArray } = Array;
  const { exec } = RegExp.prototype;
  const { toWellFormed, replace } = String.prototype;
  const { toISOString, getUTCDate } = Date.prototype;
  const { Date: LocalDate, time, fromIso } = dates;
  const NativeProxy = Proxy;
  const whole = globalThis;

  const define = (name, value) => defineProperty(whole, name, { value, writable: true, enumerable: false, configurable: true });

  const random = { random() { return native.random(); } }.random;
  defineProperty(Math, 'random', { value: random, writable: true, enumerable: false, configurable: true });

  // The characters of HelloID's own table; whatever it does not name stays, such as ł.
  const table = {
    A: 'ÀÁÂÃÄÅ', a: 'àáâãäå', C: 'ÇĆ', c: 'çć', D: 'Ð', E: 'ÈÉÊË', e: 'èéêëð', I: 'ÌÍÎÏ', i: 'ìíîï', N: 'Ñ', n: 'ñ',
    O: 'ÒÓÔÕÖØ', o: 'òóôõöø', S: 'ŠṠṢṤṦṨŞ', s: 'šṡṣṥṧṩş', U: 'ÙÚÛÜ', u: 'ùúûü', Y: 'Ÿ', y: 'ÿý', Z: 'Ž', z: 'ž', '': "'",
  };
  const plain = { __proto__: null };
  for (const letter in table) for (const mark of table[letter]) plain[mark] = letter;
  const marked = new RegExp(`[${keys(plain).join('')}]`, 'g');
  define('deleteDiacriticalMarks', function deleteDiacriticalMarks(text) {
    if (text === undefined || text === null) return '';
    return apply(replace, `${text}`, [marked, (mark) => plain[mark]]);
  });

  const dateText = /^\d{4}-\d\d-(\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;
  const dated = (holder, key) => {
    const text = holder[key];
    if (typeof text !== 'string') return;
    const found = apply(exec, dateText, [text]);
    if (found === null) return;
    const date = fromIso(text, found[2] === undefined || found[3] !== undefined);
    if (time(date) !== time(date)) return;
    // 30 February is no date, though the language takes it for 1 March.
    const day = found[1];
    if (day > '28' && apply(getUTCDate, fromIso(text.slice(0, 10), true), []) !== +day) return;
    holder[key] = date;
  };
  const isObject = (value) => typeof value === 'object' && value !== null;
  const contract = (value) => {
    if (!isObject(value)) return;
    dated(value, 'StartDate');
    dated(value, 'EndDate');
  };
  const person = (value) => {
    if (!isObject(value)) return;
    if (isObject(value.Details)) dated(value.Details, 'BirthDate');
    contract(value.PrimaryContract);
    if (isArray(value.Contracts)) for (let i = 0; i < value.Contracts.length; i++) contract(value.Contracts[i]);
  };

  const missing = {
    get: (accounts, key, receiver) =>
      typeof key === 'string' && (accounts[key] === undefined || accounts[key] === null) ? {} : accounts[key],
  };
  const PERSON = 1, ACCOUNTS = 2, DATES = 4;
  // The arguments of a script, from their JSON: an array, of which Person and Manager are the first two if there is a person.
  const read = (text, flags) => {
    const list = parse(text);
    if (flags & PERSON) {
      if (flags & DATES) {
        person(list[0]);
        person(list[1]);
      }
      if (flags & ACCOUNTS && isObject(list[0])) {
        list[0].Accounts = new NativeProxy(isObject(list[0].Accounts) ? list[0].Accounts : {}, missing);
      }
    }
    return list;
  };

  const DEEPEST = 64, LARGEST = 1 << 20;
  class Refused {
    constructor(why) {
      this.why = why;
    }
  }
  // A copy of plain values, or Refused.
  const copy = (value, depth, budget) => {
    if (--budget.left < 0) throw new Refused('is larger than 1 MB');
    if (value === undefined || value === null) return null;
    if (typeof value === 'boolean') return value;
    if (typeof value === 'number') {
      if (value - value !== 0) throw new Refused(`contains ${value}, which JSON does not know`);
      return value;
    }
    if (typeof value === 'string') {
      if ((budget.left -= value.length) < 0) throw new Refused('is larger than 1 MB');
      return apply(toWellFormed, value, []);
    }
    if (typeof value !== 'object') throw new Refused(`contains a ${typeof value}`);
    if (depth > DEEPEST) throw new Refused('is nested more than 64 deep, or contains itself');
    if (isArray(value)) {
      if (value.length > budget.left) throw new Refused('is larger than 1 MB');
      const out = [];
      for (let i = 0; i < value.length; i++) out[i] = copy(value[i], depth + 1, budget);
      return out;
    }
    if (value instanceof LocalDate) {
      if (time(value) !== time(value)) throw new Refused('is an invalid date');
      return apply(toISOString, value, []);
    }
    if (value instanceof String || value instanceof Number || value instanceof Boolean) return copy(value.valueOf(), depth + 1, budget);
    if (typeof value.toJSON === 'function') return copy(value.toJSON(), depth + 1, budget);
    const out = { __proto__: null };
    const names = keys(value);
    for (let i = 0; i < names.length; i++) {
      const inner = value[names[i]];
      if (inner !== undefined) out[copy(names[i], depth, budget)] = copy(inner, depth + 1, budget);
    }
    return out;
  };
  // A scalar as it is; anything else as [its JSON], or [null, why it cannot be had].
  const give = (value) => {
    try {
      const plain = copy(value, 0, { left: LARGEST });
      return isObject(plain) ? [stringify(plain)] : plain;
    } catch (e) {
      if (e instanceof Refused) return [null, e.why];
      throw e;
    }
  };

  const run = (script, text, flags) => {
    try {
      return give(apply(script, undefined, read(text, flags)));
    } finally {
      // Sloppy code makes a global of every name that it assigns and did not declare.
      for (const name in whole) delete whole[name];
    }
  };
  const open = (names, text, flags) => {
    const list = read(text, flags);
    for (let i = 0; i < list.length; i++) define(names[i], list[i]);
  };
  return { run, open, give };
}
