// Elements from data. Text always goes in as text: nothing that a run says is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

function build(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (name === "style" && typeof value === "object") {
      for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    } else if (name === "value" || name === "checked" || name === "selected" || name === "indeterminate") element[name] = value;
    else element.setAttribute(name === "className" ? "class" : name, value === true ? "" : String(value));
  }
  add(element, children);
  return element;
}

function add(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) add(element, child);
    else element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Make an element: h("button", { onClick: go, className: "quiet" }, "Go", icon). */
export function h(tag, props, ...children) {
  return build(document.createElement(tag), props, children);
}

/** Make an SVG element. */
export function s(tag, props, ...children) {
  return build(document.createElementNS(SVG, tag), props, children);
}

/** Replace what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
  return element;
}

/** Replace what an element holds by the like of it; whatever had the keyboard there has it again. */
export function refill(element, ...children) {
  const stops = () => [...element.querySelectorAll("a[href], button, input, select")];
  const at = stops().indexOf(document.activeElement);
  fill(element, ...children);
  if (at >= 0) stops()[at]?.focus({ preventScroll: true });
  return element;
}

/** Call a function at most once a frame, with the last arguments. */
export function perFrame(work) {
  let waiting = null;
  return (...args) => {
    if (waiting === null) requestAnimationFrame(() => {
      const last = waiting;
      waiting = null;
      work(...last);
    });
    waiting = args;
  };
}

/** Call a function once nothing has been said for some milliseconds. */
export function settled(work, pause_ms) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), pause_ms);
  };
}
