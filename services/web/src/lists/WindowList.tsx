import { Component, createRef, memo, type ReactNode } from 'react';
import type { Row } from './rows.ts';

/*
 * A bounded sliding window of real rows, without estimated heights.
 *
 * Guaranteed: a message that is on the screen stays where it is whatever arrives above or below it. Before every change
 * the first visible message that will still be there is measured, after it the scroll position is corrected, all before
 * the browser paints. At the end of the newest message the list sticks to the end instead.
 * Dividers, dates and loaders are never anchors: they come and go.
 */
const STEP = 20;
const LIMIT = 120;
const FIRST = 40;
const EDGE_PX = 1600;
const STICK_PX = 60;
const ENDS_OF_GLIDE = ['scrollend', 'wheel', 'touchstart', 'pointerdown', 'keydown'] as const;

export interface View {
  /** The first row on the screen. */
  first: Row | null;
  atEnd: boolean;
}

export interface WindowListProps {
  rows: Row[];
  render: (row: Row) => ReactNode;
  label: string;
  hasOlder: boolean;
  hasNewer: boolean;
  loadOlder: () => void;
  loadNewer: () => void;
  onView: (view: View) => void;
  /** Above the first row and below the last one, when those are rendered. */
  before: ReactNode;
  after: ReactNode;
}

interface Flow {
  /** The list follows the newest message. */
  sticks: boolean;
}

interface WindowState {
  start: number;
  end: number;
  rows: Row[];
  flow: Flow;
}

type Snapshot = { kind: 'end' } | { kind: 'anchor'; key: string; top: number } | null;

const RowBox = memo(function RowBox({ row, render }: { row: Row; render: (row: Row) => ReactNode }) {
  return (
    <div data-key={row.key} data-kind={row.kind} className={`row row-${row.kind}`}>
      {render(row)}
    </div>
  );
});

/** Where the rendered part lies among new rows: rows that stay keep the window in place. */
function follow({ rows: next, hasNewer }: WindowListProps, { start, end, rows, flow }: WindowState): { start: number; end: number } {
  const count = next.length;
  const tail = { start: Math.max(0, count - FIRST), end: count };
  const place = new Map(next.map((row, i) => [row.key, i]));
  const isKept = (row: Row | undefined) => row?.kind === 'message' && place.has(row.key);
  let a = start;
  while (a < end && !isKept(rows[a])) a++;
  let b = end - 1;
  while (b >= a && !isKept(rows[b])) b--;
  if (b < a) return hasNewer ? { start: 0, end: Math.min(count, FIRST) } : tail;
  // A message without neighbours above may have got a date before it.
  const from = place.get(rows[a]?.key ?? '') ?? 0;
  const to = (place.get(rows[b]?.key ?? '') ?? 0) + 1;
  if (flow.sticks && !hasNewer) return { start: Math.max(from, count - LIMIT), end: count };
  const first = from === 1 || next[from - 1]?.kind === 'date' ? Math.max(0, from - 1) : from;
  // What stands above the first row goes away with it: rows in its place keep the anchor from running out of room.
  return { start: start === 0 ? Math.max(0, first - STEP) : first, end: end === rows.length ? Math.min(count, to + STEP) : to };
}

export class WindowList extends Component<WindowListProps, WindowState> {
  private readonly box = createRef<HTMLDivElement>();
  private readonly inner = createRef<HTMLDivElement>();
  private observer: ResizeObserver | null = null;
  private anchor: { key: string; top: number } | null = null;
  private frame = 0;
  /** Where a smooth scroll is going. Whatever would break it off on its way ends it there. */
  private goal: (() => void) | null = null;
  private isShown = false;

  override state: WindowState = {
    start: Math.max(0, this.props.rows.length - FIRST),
    end: this.props.rows.length,
    rows: this.props.rows,
    flow: { sticks: true },
  };

  static getDerivedStateFromProps(props: WindowListProps, state: WindowState): Partial<WindowState> | null {
    return props.rows === state.rows ? null : { ...follow(props, state), rows: props.rows };
  }

  override componentDidMount() {
    const { box, inner } = this.parts();
    box.scrollTop = box.scrollHeight;
    box.addEventListener('scroll', this.onScroll, { passive: true });
    for (const end of ENDS_OF_GLIDE) box.addEventListener(end, this.onGlideEnd, { passive: true });
    this.observer = new ResizeObserver(() => this.keepPlace());
    this.observer.observe(inner);
    this.observer.observe(box);
    this.look();
  }

  override componentWillUnmount() {
    cancelAnimationFrame(this.frame);
    this.observer?.disconnect();
    this.box.current?.removeEventListener('scroll', this.onScroll);
    for (const end of ENDS_OF_GLIDE) this.box.current?.removeEventListener(end, this.onGlideEnd);
  }

  override getSnapshotBeforeUpdate(): Snapshot {
    if (this.state.flow.sticks && !this.props.hasNewer && this.state.end === this.state.rows.length) return { kind: 'end' };
    const kept = new Set(this.state.rows.slice(this.state.start, this.state.end).map((row) => row.key));
    const anchor = this.firstVisibleMessage(kept);
    return anchor && { kind: 'anchor', ...anchor };
  }

  override componentDidUpdate(_props: WindowListProps, before: WindowState, snapshot: Snapshot) {
    const { box } = this.parts();
    if (snapshot?.kind === 'end') {
      box.scrollTop = box.scrollHeight;
    } else if (snapshot) {
      this.restore(snapshot);
    }
    if (before.rows !== this.state.rows || before.start !== this.state.start || before.end !== this.state.end) this.look();
  }

  /** Stick to the end with the next change: what is sent is seen in the same frame. */
  stick(): void {
    this.state.flow.sticks = true;
  }

  toEnd(smooth: boolean): void {
    const { box } = this.parts();
    const count = this.state.rows.length;
    this.state.flow.sticks = true;
    if (this.state.end < count) {
      this.setState({ start: Math.max(0, count - FIRST), end: count }, () => {
        box.scrollTop = box.scrollHeight;
      });
      return;
    }
    const isFar = box.scrollHeight - box.scrollTop > box.clientHeight * 4;
    this.scroll(smooth && !isFar, () => box.scrollHeight - box.clientHeight);
  }

  /**
   * Bring a row onto the screen: in the middle, or under the upper edge with `offset` px between.
   * @returns whether there is such a row
   */
  reveal(key: string, how: { at: 'middle'; smooth: boolean } | { at: 'top'; offset: number }): boolean {
    const index = this.state.rows.findIndex((row) => row.key === key);
    if (index === -1) return false;
    this.state.flow.sticks = false;
    const show = (smooth: boolean) => {
      this.scroll(smooth, (box) => {
        const row = this.find(key);
        if (!row) return box.scrollTop;
        const room = how.at === 'top' ? how.offset : Math.max(0, (box.clientHeight - row.offsetHeight) / 2);
        return row.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop - room;
      });
      this.look();
    };
    if (index >= this.state.start && index < this.state.end) {
      show(how.at === 'middle' && how.smooth && this.isNear(key));
    } else {
      const around = { start: Math.max(0, index - FIRST), end: Math.min(this.state.rows.length, index + FIRST) };
      this.setState(around, () => show(false));
    }
    return true;
  }

  private scroll(smooth: boolean, goal: (box: HTMLElement) => number): void {
    const { box } = this.parts();
    const top = goal(box);
    const glides = smooth && this.isShown && Math.abs(top - box.scrollTop) > 1;
    this.goal = glides ? () => this.scroll(false, goal) : null;
    box.scrollTo({ top, behavior: glides ? 'smooth' : 'instant' });
  }

  find(key: string): HTMLElement | null {
    return this.inner.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`) ?? null;
  }

  /** The place of the reader: the first visible message and how far it is from the upper edge. */
  place(): { key: string; offset: number } | null {
    const anchor = this.state.flow.sticks ? null : this.firstVisibleMessage();
    return anchor && { key: anchor.key, offset: anchor.top - this.parts().box.getBoundingClientRect().top };
  }

  /** Keys of the messages of which at least half, or half of the screen, is visible. */
  halfVisible(): string[] {
    const { box } = this.parts();
    const screen = box.getBoundingClientRect();
    const keys: string[] = [];
    for (const row of this.visibleRows()) {
      const { top, bottom } = row.getBoundingClientRect();
      const visible = Math.min(bottom, screen.bottom) - Math.max(top, screen.top);
      if (row.dataset['kind'] === 'message' && visible * 2 >= Math.min(bottom - top, screen.height)) keys.push(row.dataset['key'] ?? '');
    }
    return keys;
  }

  rendered(): HTMLElement[] {
    return [...this.parts().inner.querySelectorAll<HTMLElement>(':scope > [data-kind=message]')];
  }

  private parts(): { box: HTMLDivElement; inner: HTMLDivElement } {
    if (!this.box.current || !this.inner.current) throw new Error('The list is not on the page.');
    return { box: this.box.current, inner: this.inner.current };
  }

  private isNear(key: string): boolean {
    const { box } = this.parts();
    const top = this.find(key)?.getBoundingClientRect().top ?? 0;
    return Math.abs(top - box.getBoundingClientRect().top) < box.clientHeight * 3;
  }

  /** Rows from the first visible one on, found by halving. */
  private *visibleRows(): Generator<HTMLElement> {
    const { box, inner } = this.parts();
    const screen = box.getBoundingClientRect();
    const rows = inner.children;
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) <= screen.top) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < rows.length; i++) {
      const row = rows[i] as HTMLElement;
      if (row.getBoundingClientRect().top > screen.bottom) return;
      yield row;
    }
  }

  /** The first message below the upper edge, fully visible if there is one; among `kept` when given. */
  private firstVisibleMessage(kept?: Set<string>): { key: string; top: number } | null {
    const edge = this.parts().box.getBoundingClientRect().top;
    let cut: { key: string; top: number } | null = null;
    for (const row of this.visibleRows()) {
      const key = row.dataset['key'];
      if (!key || row.dataset['kind'] !== 'message' || (kept && !kept.has(key))) continue;
      const { top } = row.getBoundingClientRect();
      if (top >= edge) return { key, top };
      cut ??= { key, top };
    }
    return cut;
  }

  private restore({ key, top }: { key: string; top: number }): void {
    const row = this.find(key);
    if (!row) return;
    const drift = row.getBoundingClientRect().top - top;
    if (Math.abs(drift) > 0.5) {
      if (this.goal) {
        this.goal();
        return;
      }
      this.parts().box.scrollTop += drift;
    }
    this.anchor = { key, top };
  }

  private keepPlace(): void {
    const { box } = this.parts();
    if (this.state.flow.sticks && !this.props.hasNewer) box.scrollTop = box.scrollHeight;
    else if (this.anchor) this.restore(this.anchor);
  }

  private readonly onGlideEnd = () => {
    this.goal = null;
  };

  private readonly onScroll = () => {
    this.look();
  };

  /** See where the reader is, render more rows near the edges, and ask for more messages beyond them. */
  private look(): void {
    const { box } = this.parts();
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    const { start, end, rows, flow } = this.state;
    const atEnd = below < STICK_PX && end === rows.length && !this.props.hasNewer;
    flow.sticks = atEnd;
    this.anchor = atEnd ? null : this.firstVisibleMessage();
    this.tellView(atEnd);
    if (box.scrollTop < EDGE_PX) {
      if (start > 0) {
        const from = Math.max(0, start - STEP);
        this.setState({ start: from, end: end - from > LIMIT && below > EDGE_PX * 1.5 ? from + LIMIT : end });
        return;
      }
      if (this.props.hasOlder) this.props.loadOlder();
    }
    if (below < EDGE_PX) {
      if (end < rows.length) {
        const to = Math.min(rows.length, end + STEP);
        this.setState({ end: to, start: to - start > LIMIT && box.scrollTop > EDGE_PX * 1.5 ? to - LIMIT : start });
      } else if (this.props.hasNewer) this.props.loadNewer();
    }
  }

  private tellView(atEnd: boolean): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      this.isShown = true;
      let key: string | undefined;
      for (const row of this.visibleRows()) if ((key = row.dataset['key'])) break;
      this.props.onView({ first: this.state.rows.find((row) => row.key === key) ?? null, atEnd });
    });
  }

  override render() {
    const { start, end, rows } = this.state;
    const { render, label, before, after } = this.props;
    return (
      <div ref={this.box} className="scroller" role="log" aria-live="off" aria-label={label} tabIndex={0}>
        <div ref={this.inner} className="rows">
          {start === 0 && before}
          {rows.slice(start, end).map((row) => (
            <RowBox key={row.key} row={row} render={render} />
          ))}
          {end === rows.length && after}
        </div>
      </div>
    );
  }
}
