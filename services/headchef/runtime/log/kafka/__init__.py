"""The log on Kafka, through aiokafka."""
