-- Where the trace of the call that started a run goes on, as `traceparent` of W3C Trace Context; null where nobody traces.
alter table runs add column trace_parent text check (trace_parent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$');
grant update (trace_parent) on runs to tenon_app;
