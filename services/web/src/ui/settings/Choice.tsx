interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string; lang?: string }[];
  onChange: (value: T) => void;
}

/** One of a few, as radio buttons. */
export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <fieldset className="card choice">
      <legend>{label}</legend>
      {options.map((option) => (
        <label key={option.value} className="line">
          <input type="radio" name={label} checked={option.value === value} onChange={() => onChange(option.value)} />
          <span className="line-text" lang={option.lang}>{option.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
