//! The agents of the example talk to each other.

#[path = "../examples/agents.rs"]
mod agents;

#[test]
fn two_agents_chat_and_send_a_file() {
    agents::main().expect("a chat and a file");
}
