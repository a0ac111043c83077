// Date as the language has it, in a given time zone and with a given clock. The engine's own Date follows the zone of
// the process; only its parts that know nothing of a zone are used here.
(native) => {
  'use strict';
  const Native = Date;
  const proto = Native.prototype;
  const { parse, UTC } = Native;
  const { apply, construct, defineProperty } = Reflect;
  const { test, exec } = RegExp.prototype;
  const { replace } = String.prototype;
  const getTime = proto.getTime;
  const setTime = proto.setTime;

  const time = (date) => apply(getTime, date, []);
  // A date whose UTC fields are the local fields of that moment.
  const local = (moment) => new Native(moment + native.offset(moment));
  const moment = (wall) => (wall === wall ? native.moment(wall) : NaN);

  const dateOnly = /^(?:\d{4}|[+-]\d{6})(?:-\d\d(?:-\d\d)?)?$/;
  const iso = /^(?:\d{4}|[+-]\d{6})(?:-\d\d(?:-\d\d)?)?T/;
  const zone = /(?:^|[^a-z])(?:z|gmt|utc?|[ecmp][ds]t|wes?t|ces?t|ees?t)|\d:\d\d?(?::\d\d?)?(?:[.,]\d+)?\s*(?:[ap]m)?\s*[+-]\d/i;
  const isoZone = /(?:Z|[+-]\d\d:?(?:\d\d)?)$/;
  const note = /\([^()]*\)/g;

  const zoned = (text) =>
    apply(test, iso, [text]) ? apply(exec, isoZone, [text]) !== null : apply(test, zone, [apply(replace, text, [note, ''])]);
  const read = (text) => {
    if (apply(test, dateOnly, [text]) || zoned(text)) return parse(text);
    const wall = parse(text + 'Z');
    return moment(wall === wall ? wall : parse(text + ' Z'));
  };

  const argument = (value) => {
    if (value instanceof Native) return time(value);
    if (typeof value === 'object' && value !== null || typeof value === 'function') value = primitive(value);
    return typeof value === 'string' ? read(value) : +value;
  };
  const primitive = (value) => {
    const convert = value[Symbol.toPrimitive];
    if (convert !== undefined && convert !== null) return apply(convert, value, ['default']);
    const plain = value.valueOf();
    return typeof plain === 'object' ? '' + value : plain;
  };

  function LocalDate(...given) {
    if (!new.target) return apply(text, new Native(native.now()), []);
    let at;
    if (given.length === 0) at = native.now();
    else if (given.length === 1) at = argument(given[0]);
    else at = moment(apply(UTC, Native, given));
    return construct(Native, [at], new.target);
  }
  const method = (holder, name, length, value) => {
    defineProperty(value, 'name', { value: name, configurable: true });
    defineProperty(value, 'length', { value: length, configurable: true });
    defineProperty(holder, name, { value, writable: true, enumerable: false, configurable: true });
  };
  defineProperty(LocalDate, 'name', { value: 'Date', configurable: true });
  defineProperty(LocalDate, 'length', { value: 7, configurable: true });
  defineProperty(LocalDate, 'prototype', { value: proto, writable: false, enumerable: false, configurable: false });
  method(LocalDate, 'UTC', 7, { UTC(...given) { return apply(UTC, Native, given); } }.UTC);
  method(LocalDate, 'parse', 1, { parse(value) { return read(`${value}`); } }.parse);
  method(LocalDate, 'now', 0, { now() { return native.now(); } }.now);
  defineProperty(proto, 'constructor', { value: LocalDate, writable: true, enumerable: false, configurable: true });
  defineProperty(globalThis, 'Date', { value: LocalDate, writable: true, enumerable: false, configurable: true });

  for (const field of ['Date', 'Day', 'FullYear', 'Hours', 'Milliseconds', 'Minutes', 'Month', 'Seconds']) {
    const get = proto[`getUTC${field}`];
    method(proto, `get${field}`, 0, { get() { const at = time(this); return at === at ? apply(get, local(at), []) : NaN; } }.get);
    if (field === 'Day') continue;
    const set = proto[`setUTC${field}`];
    const setter = {
      set(...given) {
        const at = time(this);
        const wall = at === at ? local(at) : new Native(NaN);
        return apply(setTime, this, [moment(apply(set, wall, given))]);
      },
    }.set;
    method(proto, `set${field}`, set.length, setter);
  }
  const fullYear = proto.getUTCFullYear;
  const setFullYear = proto.setFullYear;
  method(proto, 'getYear', 0, { getYear() { const at = time(this); return at === at ? apply(fullYear, local(at), []) - 1900 : NaN; } }.getYear);
  method(proto, 'setYear', 1, { setYear(year) { const y = +year; return apply(setFullYear, this, [y >= 0 && y < 100 ? 1900 + (y - y % 1) : y]); } }.setYear);
  method(proto, 'getTimezoneOffset', 0, { getTimezoneOffset() { const at = time(this); return at === at ? -native.offset(at) / 60000 || 0 : NaN; } }.getTimezoneOffset);

  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const two = (number) => (number < 10 ? '0' : '') + number;
  const year = (number) => (number < 0 ? '-' : '') + `${number < 0 ? -number : number}`.padStart(number < 0 ? 6 : 4, '0');
  const clock = (wall) => `${two(wall.getUTCMinutes())}:${two(wall.getUTCSeconds())}`;
  const parts = {
    date: (wall) => `${days[wall.getUTCDay()]} ${months[wall.getUTCMonth()]} ${two(wall.getUTCDate())} ${year(wall.getUTCFullYear())}`,
    time: (wall, offset) => {
      const away = offset < 0 ? -offset : offset;
      const minutes = (away - away % 60000) / 60000;
      return `${two(wall.getUTCHours())}:${clock(wall)} GMT${offset < 0 ? '-' : '+'}${two((minutes - minutes % 60) / 60)}${two(minutes % 60)}`;
    },
    shortDate: (wall) => `${two(wall.getUTCMonth() + 1)}/${two(wall.getUTCDate())}/${year(wall.getUTCFullYear())}`,
    shortTime: (wall) => `${two((wall.getUTCHours() + 11) % 12 + 1)}:${clock(wall)} ${wall.getUTCHours() < 12 ? 'A' : 'P'}M`,
  };
  const written = (name, first, second, between) => {
    const write = {
      write() {
        const at = time(this);
        if (at !== at) return 'Invalid Date';
        const offset = native.offset(at);
        const wall = local(at);
        return first(wall, offset) + (second ? between + second(wall, offset) : '');
      },
    }.write;
    method(proto, name, 0, write);
    return write;
  };
  const text = written('toString', parts.date, parts.time, ' ');
  written('toDateString', parts.date);
  written('toTimeString', parts.time);
  written('toLocaleString', parts.shortDate, parts.shortTime, ', ');
  written('toLocaleDateString', parts.shortDate);
  written('toLocaleTimeString', parts.shortTime);
  const fromIso = (text, fixed) => new Native(fixed ? parse(text) : moment(parse(text + 'Z')));
  return { Date: LocalDate, time, fromIso };
}
