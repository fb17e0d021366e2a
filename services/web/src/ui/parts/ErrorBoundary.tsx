import { Component, type ReactNode } from 'react';
import { useStrings } from '../../i18n/index.ts';

interface BoundaryProps {
  children: ReactNode;
  className?: string;
}

/** Keeps a part that breaks from taking the others with it. */
export class ErrorBoundary extends Component<BoundaryProps, { isBroken: boolean; round: number }> {
  override state = { isBroken: false, round: 0 };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    const { isBroken, round } = this.state;
    if (!isBroken) return <Part key={round}>{this.props.children}</Part>;
    const again = () => this.setState({ isBroken: false, round: round + 1 });
    return <Broken className={this.props.className ?? ''} again={again} />;
  }
}

const Part = ({ children }: { children: ReactNode }) => children;

function Broken({ className, again }: { className: string; again: () => void }) {
  const t = useStrings();
  return (
    <div className={`broken ${className}`} role="alert">
      <p>{t.crash.title}</p>
      <button type="button" className="text-button" onClick={again}>
        {t.crash.reload}
      </button>
    </div>
  );
}
