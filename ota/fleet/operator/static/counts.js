// A number and its noun: count(2, "unit", "units") is "2 units".

export function count(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}
