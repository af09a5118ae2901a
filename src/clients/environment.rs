//! The environment, where the code gives a client's slot no value.

use crate::catalog::{Blank, EnvName, Slot};
use crate::resolve::{Alt, Ctx, Presence, Resolver, Value};

use super::{From, Site, SlotValue};

/// A slot's values: those that the code gives, and where it gives none, those of the variables that the client reads.
pub(super) fn fill(
    resolver: &mut Resolver<'_>,
    site: &Site<'_>,
    ctx: &Ctx,
    given: Vec<Alt>,
    slot: Slot,
) -> Vec<SlotValue> {
    let construct = site.construct;
    let read = if slot == Slot::Endpoint { &construct.env_endpoint } else { &construct.env_key };
    let at = resolver.location(ctx.file, site.call);
    let version = site.client.package.as_deref().and_then(|package| resolver.project.version(ctx.file, package));
    let names: Vec<&str> = read.iter().filter(|name| name.applies(version)).map(EnvName::name).collect();
    let mut out = Vec::new();
    for alt in given {
        let blank = match alt.value.presence() {
            Presence::Absent => &Blank::Absent,
            Presence::Null => construct.blank(slot, true),
            Presence::Empty => construct.blank(slot, false),
            _ => &Blank::Given,
        };
        let asked = match blank {
            Blank::Absent => names.as_slice(),
            Blank::From(first) => names.iter().position(|name| name == first).map_or(&[][..], |at| &names[at..]),
            Blank::Default => {
                out.push(SlotValue { alt: Alt { value: Value::Undefined, ..alt }, from: From::Nothing });
                continue;
            }
            Blank::Given => {
                out.push(SlotValue { alt, from: From::Code });
                continue;
            }
        };
        let mut open = vec![alt.arms];
        for name in asked {
            let mut still = Vec::new();
            for value in resolver.env_value(ctx, name, at) {
                // What the program keeps where it is set, `X = X or default`, is somebody's value and not the default.
                let is_set = resolver.is_set(&value);
                for arms in &open {
                    let Some(arms) = arms.merge(&value.arms) else { continue };
                    match value.value.presence() {
                        Presence::Maybe if !is_set && matches!(value.value, Value::Env(ref n, _) if n == name) => {
                            still.push(arms);
                        }
                        Presence::Empty if !construct.empty_env_counts => still.push(arms),
                        Presence::Null | Presence::Absent => still.push(arms),
                        _ => out.push(SlotValue {
                            alt: Alt { value: value.value.clone(), arms, steps: value.steps.clone() },
                            from: From::Environment((*name).to_owned()),
                        }),
                    }
                }
            }
            open = still;
        }
        for arms in open {
            // A key that nothing gives comes from the environment at run time; an endpoint is the default.
            let (value, from) = match asked.first().filter(|_| slot == Slot::Key) {
                Some(name) => (Value::Env((*name).to_owned(), at), From::Environment((*name).to_owned())),
                None => (Value::Undefined, From::Nothing),
            };
            out.push(SlotValue { alt: Alt { value, arms, steps: Vec::new() }, from });
        }
    }
    out
}
